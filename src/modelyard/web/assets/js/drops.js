// Files are dropped where they can be chosen; the chosen one is named.
export function drops(root) {
  for (const area of root.querySelectorAll("[data-drop]")) {
    const input = area.querySelector("input[type=file]");
    const told = area.querySelector("[data-chosen]");
    let proposed = "";
    const propose = (file) => { // a dataset may be called as its file is
      const name = input.name === "path-file" && input.form.elements.namedItem("name");
      if (!file || !name || (name.value && name.value !== proposed)) return;
      const stem = file.name.split(".")[0].replace(/[^A-Za-z0-9_-]+/g, "-");
      proposed = name.value = stem.replace(/^-+|-+$/g, "");
    };
    const tell = () => {
      const file = input.files[0];
      propose(file);
      told.textContent = file ? `${file.name}, ${Math.ceil(file.size / 1000).toLocaleString("en")} kB` : "";
    };
    input.addEventListener("change", tell);
    for (const kind of ["dragenter", "dragover"]) {
      area.addEventListener(kind, (event) => {
        event.preventDefault();
        area.classList.add("over");
      });
    }
    for (const kind of ["dragleave", "drop"]) {
      area.addEventListener(kind, () => area.classList.remove("over"));
    }
    area.addEventListener("drop", (event) => {
      event.preventDefault();
      input.files = event.dataTransfer.files;
      tell();
    });
  }
}
