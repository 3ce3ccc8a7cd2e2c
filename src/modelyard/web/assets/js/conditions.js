// Fields that are only asked for on a condition: shown while it holds, kept as they are while it does not.
const IN = "values.";

// What stands in a field of the form, as values; what is in no field of it is as it was.
function valuesOf(form, known, name) {
  const inputs = [...form.elements].filter((each) => each.name === IN + name);
  if (!inputs.length) return [known.fields[name]].flat();
  if (inputs[0].type === "checkbox") return inputs.filter((each) => each.checked).map((each) => each.value);
  const text = inputs[0].value.trim();
  return text === "" ? [] : inputs[0].rows ? text.split(/\r?\n/) : [text];
}

function isSame(value, wanted) {
  return value === wanted || String(value) === String(wanted);
}

function fits(test, value) {
  if (test.equals !== undefined && !isSame(value, test.equals)) return false;
  if (test.one_of !== undefined && !test.one_of.some((each) => isSame(value, each))) return false;
  if (test.above !== undefined && !(Number(value) > test.above)) return false;
  return test.below === undefined || Number(value) < test.below;
}

function holds(test, form, known) {
  if (test.all_of) return test.all_of.every((each) => holds(each, form, known));
  if (test.any_of) return test.any_of.some((each) => holds(each, form, known));
  if (test.none_of) return !test.none_of.some((each) => holds(each, form, known));
  if (test.step) return (known.steps[test.step] ?? "NOT_STARTED") === test.status;
  if (test.signoff) return (known.signoffs[test.signoff] ?? "NOT_STARTED") === test.status;
  const values = valuesOf(form, known, test.field).filter((each) => each !== undefined && each !== null);
  if (test.given !== undefined) return test.given === values.length > 0;
  return values.some((each) => fits(test, each));
}

for (const form of document.querySelectorAll("form[data-known]")) {
  const known = JSON.parse(form.dataset.known);
  const asked = [...form.querySelectorAll("[data-shows]")];
  const renew = () => {
    for (const each of asked) each.hidden = !holds(JSON.parse(each.dataset.shows), form, known);
  };
  form.addEventListener("input", renew);
  renew();
}
