"""Known names used as no honest pickle uses them."""

from __future__ import annotations

import pytest

P4 = b"\x80\x04"
MODEL = ("sklearn.linear_model._logistic", "LogisticRegression")


def text(value):
    data = value.encode()
    return b"\x8c" + bytes([len(data)]) + data


def named(module, name):
    return text(module) + text(name) + b"\x93"


def call(function, *arguments):
    return function + b"(" + b"".join(arguments) + b"tR"


def new(module, name):
    return named(module, name) + b")\x81"


KNOWN = {
    "an estimator is made and given its attributes": new(*MODEL) + b"}" + text("C") + b"K\x01sb",
    "an estimator of protocol 2": call(
        named("copyreg", "_reconstructor"), named(*MODEL), named("builtins", "object"), b"N"
    ),
    "bytes of protocol 2": call(named("_codecs", "encode"), text("é"), text("latin1")),
    "the type of None": call(named("builtins", "type"), b"N"),
    "an object made by name": call(named("copyreg", "__newobj__"), named(*MODEL)),
    "a partial of a known function": (
        call(named("functools", "partial"), named("numpy", "clip"))
        + b"("
        + named("numpy", "clip")
        + b")}Ntb"
    ),
    "a random state of NumPy": call(
        named("numpy.random._pickle", "__randomstate_ctor"),
        text("MT19937"),
        named("numpy.random._pickle", "__bit_generator_ctor"),
    ),
    "a set filled later": b"\x8f\x94(K\x01K\x02\x90",
    "an ordered dict filled later": call(named("collections", "OrderedDict")) + text("a") + b"Ns",
}

UNUSUAL = {
    "a class is called": call(named(*MODEL), text("l2")),
    "a class is called as an old object": b"(" + named(*MODEL) + b"o",
    "a function that is only to be kept is called": call(named("numpy", "mean"), b"]"),
    "a booster is told to read a file": call(named("lightgbm.basic", "Booster"), b"N", b"N"),
    "a class is made while loading": call(named("builtins", "type"), text("X"), b")", b"}"),
    "an object with an unusual base": call(
        named("copyreg", "_reconstructor"), named(*MODEL), named("xgboost.core", "Booster"), b"N"
    ),
    "an object of something computed": call(named("copyreg", "__newobj__"), b"N"),
    "a partial of something computed": call(named("functools", "partial"), new(*MODEL)),
    "a partial that is changed to something computed": (
        call(named("functools", "partial"), named("numpy", "clip")) + b"(" + new(*MODEL) + b")}Ntb"
    ),
    "a random state made by another function": call(
        named("numpy.random._pickle", "__randomstate_ctor"), text("x"), named("numpy", "mean")
    ),
    "arguments that are computed": named("functools", "partial") + new(*MODEL) + b"R",
    "a method taken by name": call(named("builtins", "getattr"), new(*MODEL), text("predict")),
    "a method of a known class": call(
        named("builtins", "getattr"), named("pandas", "Timestamp"), text("today")
    ),
    "an attribute that is a hook": new(*MODEL) + b"}" + text("__setstate__") + b"Nsb",
    "an attribute with a computed name": new(*MODEL) + b"}" + new(*MODEL) + b"Nsb",
    "slots that are hooks": new(*MODEL) + b"N}" + text("__class__") + b"Ns\x86b",
    "an id that only the loader knows": b"Pwhatever\n",
    "an import by number": b"\x82\x01",
    "the result of a call is called": call(call(named("collections", "Counter"))),
}

ATTACKS = {
    "text transformed by another codec": call(named("_codecs", "encode"), text("x"), text("rot13")),
    "attributes of a class": named(*MODEL) + b"}" + text("predict") + b"Nsb",
    "items added to a known object": named("numpy", "mean") + b"Na",
    "entries added to a known object": named("numpy", "mean") + text("a") + b"Ns",
    "a partial of a command": call(named("functools", "partial"), named("os", "system")),
    "an attribute with two underscores": call(
        named("builtins", "getattr"), new(*MODEL), text("__class__")
    ),
    "an attribute of something unknown": call(
        named("builtins", "getattr"), named("somewhere", "thing"), text("run")
    ),
    "a class reached through a class": named("sklearn.pipeline", "Pipeline.__init__.__globals__"),
    "a module reached through another": named("sklearn.pipeline", "sys"),
}


@pytest.mark.parametrize("case", KNOWN)
def test_honest_uses_are_known(case, judge):
    assert judge(P4 + KNOWN[case] + b".") in {"known_safe", "data_only"}


@pytest.mark.parametrize("case", UNUSUAL)
def test_unusual_uses_need_review(case, judge):
    assert judge(P4 + UNUSUAL[case] + b".") == "needs_review"


@pytest.mark.parametrize("case", ATTACKS)
def test_attacks_are_dangerous(case, judge):
    assert judge(P4 + ATTACKS[case] + b".") == "dangerous"
