"""What each pickle opcode does to the machine."""

from __future__ import annotations

from codecs import escape_decode
from collections.abc import Callable

from modelyard.models.scan.machine import Machine
from modelyard.models.scan.opcodes import Broken, read_opcode
from modelyard.models.scan.values import DATA, LIST, NONE, SET, TEXT, Entries, Global, Made, Value

BATCH = 4096
KEPT_ITEMS = 64
"""Items of a tuple that are kept; NumPy's arrays have no more dimensions."""

Step = Callable[[Machine, bytes | None], None]


def run(machine: Machine) -> None:
    """Run one pickle to its STOP.

    Raises:
        Broken: the unpickler would stop with an error.
        OutOfBudget: there is too much to look through.
    """
    steps = 0
    while True:
        opcode = read_opcode(machine.tape)
        steps += 1
        machine.trace.opcodes += 1
        if steps % BATCH == 0:
            machine.loader.budget.spend_opcodes(BATCH)
            machine.memory.check_size()
        if opcode.name == "STOP":
            machine.trace.value = machine.memory.pop()
            return
        _STEPS[opcode.name](machine, opcode.argument)


def _push(value: Value) -> Step:
    return lambda machine, _: machine.memory.push(value)


def _signed(machine: Machine, argument: bytes | None) -> None:
    small = argument is not None and len(argument) <= 16
    number = int.from_bytes(argument or b"", "little", signed=True)
    machine.memory.push(number if small else DATA)


def _unsigned(machine: Machine, argument: bytes | None) -> None:
    machine.memory.push(_little(argument))


def _number_line(machine: Machine, argument: bytes | None) -> None:
    try:
        machine.memory.push(int((argument or b"").strip().rstrip(b"L")[:20], 0))
    except ValueError:
        machine.memory.push(DATA)


def _text(decode: Callable[[bytes], str]) -> Step:
    def step(machine: Machine, argument: bytes | None) -> None:
        if argument is None:
            machine.memory.push(TEXT)
            return
        try:
            machine.memory.push_text(decode(argument))
        except ValueError:
            raise Broken("a text cannot be decoded") from None

    return step


def _unquote(text: bytes) -> str:
    if len(text) < 2 or text[:1] != text[-1:] or text[:1] not in (b"'", b'"'):
        raise Broken("a text has no quotes")
    return escape_decode(text[1:-1])[0].decode("latin-1")


def _tuple(machine: Machine, _: bytes | None) -> None:
    machine.memory.push(tuple(machine.memory.pop_mark()[:KEPT_ITEMS]))


def _short_tuple(size: int) -> Step:
    def step(machine: Machine, _: bytes | None) -> None:
        items = [machine.memory.pop() for _ in range(size)]
        machine.memory.push(tuple(reversed(items)))

    return step


def _collect(made: Value) -> Step:
    def step(machine: Machine, _: bytes | None) -> None:
        machine.memory.pop_mark()
        machine.memory.push(made)

    return step


def _empty_dict(machine: Machine, _: bytes | None) -> None:
    machine.memory.push(Entries())


def _dict(machine: Machine, _: bytes | None) -> None:
    values = machine.memory.pop_mark()
    machine.memory.push(Entries())
    _put(machine, values)


def _set_item(machine: Machine, _: bytes | None) -> None:
    value, key = machine.memory.pop(), machine.memory.pop()
    _put(machine, [key, value])


def _set_items(machine: Machine, _: bytes | None) -> None:
    _put(machine, machine.memory.pop_mark())


def _put(machine: Machine, values: list[Value]) -> None:
    target = machine.memory.top()
    if isinstance(target, Entries):
        for key, value in zip(values[::2], values[1::2], strict=False):
            target.put(key, value)
    else:
        machine.add_items(target)


def _append(machine: Machine, _: bytes | None) -> None:
    machine.memory.pop()
    machine.add_items(machine.memory.top())


def _append_many(machine: Machine, _: bytes | None) -> None:
    machine.memory.pop_mark()
    machine.add_items(machine.memory.top())


def _pop(machine: Machine, _: bytes | None) -> None:
    if machine.memory.stack or not machine.memory.below:
        machine.memory.pop()
    else:
        machine.memory.pop_mark()


def _pop_mark(machine: Machine, _: bytes | None) -> None:
    machine.memory.pop_mark()


def _duplicate(machine: Machine, _: bytes | None) -> None:
    machine.memory.push(machine.memory.top())


def _global(machine: Machine, argument: bytes | None) -> None:
    machine.memory.push(_named(machine, argument))


def _named(machine: Machine, argument: bytes | None) -> Global:
    if argument is None:
        return machine.import_name(TEXT, TEXT)
    module, _, name = argument.decode("utf-8", "replace").partition("\n")
    return machine.import_name(module, name)


def _stack_global(machine: Machine, _: bytes | None) -> None:
    name, module = machine.memory.pop(), machine.memory.pop()
    for part in (module, name):
        if not isinstance(part, str | Made) and part is not TEXT:
            raise Broken("the name of an import is no text")
    machine.memory.push(machine.import_name(module, name))


def _reduce(machine: Machine, _: bytes | None) -> None:
    arguments, function = machine.memory.pop(), machine.memory.pop()
    machine.call("call", function, arguments)


def _new_object(machine: Machine, _: bytes | None) -> None:
    arguments, made = machine.memory.pop(), machine.memory.pop()
    machine.call("new", made, arguments)


def _new_object_ex(machine: Machine, _: bytes | None) -> None:
    machine.memory.pop()
    _new_object(machine, _)


def _instance(machine: Machine, argument: bytes | None) -> None:
    arguments = tuple(machine.memory.pop_mark()[:KEPT_ITEMS])
    machine.call("call", _named(machine, argument), arguments)


def _object(machine: Machine, _: bytes | None) -> None:
    values = machine.memory.pop_mark()
    if not values:
        raise Broken("it makes an object of nothing")
    machine.call("call", values[0], tuple(values[1:KEPT_ITEMS]))


def _build(machine: Machine, _: bytes | None) -> None:
    inner = machine.build()
    if inner is not None:
        run(inner)


def _persistent(machine: Machine, _: bytes | None) -> None:
    machine.load_persistent(machine.memory.pop())


def _protocol(machine: Machine, argument: bytes | None) -> None:
    machine.protocol = _little(argument)
    if machine.protocol > 5:
        raise Broken(f"there is no pickle protocol {machine.protocol}")


def _frame(machine: Machine, argument: bytes | None) -> None:
    machine.frame_end = machine.tape.position + _little(argument)


def _remember(read: Callable[[bytes | None], int]) -> Step:
    return lambda machine, argument: machine.remember(read(argument))


def _recall(read: Callable[[bytes | None], int]) -> Step:
    return lambda machine, argument: machine.memory.recall(read(argument))


def _little(argument: bytes | None) -> int:
    return int.from_bytes(argument or b"", "little")


def _decimal(argument: bytes | None) -> int:
    try:
        return int((argument or b"")[:20].strip())
    except ValueError:
        raise Broken("a memo index is no number") from None


_STEPS: dict[str, Step] = {
    **dict.fromkeys(("NEWTRUE", "NEWFALSE", "FLOAT", "BINFLOAT", "NEXT_BUFFER"), _push(DATA)),
    **dict.fromkeys(("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"), _push(DATA)),
    **dict.fromkeys(("BININT", "LONG1", "LONG4"), _signed),
    **dict.fromkeys(("BININT1", "BININT2"), _unsigned),
    **dict.fromkeys(("INT", "LONG"), _number_line),
    **dict.fromkeys(
        ("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        _text(lambda text: text.decode("utf-8", "surrogatepass")),
    ),
    **dict.fromkeys(("BINSTRING", "SHORT_BINSTRING"), _text(lambda text: text.decode("latin-1"))),
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), lambda machine, _: machine.load_extension()),
    "UNICODE": _text(lambda text: text.decode("raw-unicode-escape")),
    "STRING": _text(_unquote),
    "NONE": _push(NONE),
    "READONLY_BUFFER": lambda machine, _: machine.memory.push(machine.memory.pop()),
    "EMPTY_LIST": _push(LIST),
    "EMPTY_SET": _push(SET),
    "EMPTY_DICT": _empty_dict,
    "EMPTY_TUPLE": _push(()),
    "LIST": _collect(LIST),
    "FROZENSET": _collect(SET),
    "DICT": _dict,
    "TUPLE": _tuple,
    "TUPLE1": _short_tuple(1),
    "TUPLE2": _short_tuple(2),
    "TUPLE3": _short_tuple(3),
    "APPEND": _append,
    "APPENDS": _append_many,
    "ADDITEMS": _append_many,
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "POP": _pop,
    "DUP": _duplicate,
    "MARK": lambda machine, _: machine.memory.mark(),
    "POP_MARK": _pop_mark,
    "PUT": _remember(_decimal),
    "BINPUT": _remember(_little),
    "LONG_BINPUT": _remember(_little),
    "MEMOIZE": lambda machine, _: machine.remember(len(machine.memory.memo)),
    "GET": _recall(_decimal),
    "BINGET": _recall(_little),
    "LONG_BINGET": _recall(_little),
    "GLOBAL": _global,
    "STACK_GLOBAL": _stack_global,
    "REDUCE": _reduce,
    "BUILD": _build,
    "INST": _instance,
    "OBJ": _object,
    "NEWOBJ": _new_object,
    "NEWOBJ_EX": _new_object_ex,
    "PERSID": lambda machine, _: machine.load_persistent(DATA),
    "BINPERSID": _persistent,
    "PROTO": _protocol,
    "FRAME": _frame,
}
