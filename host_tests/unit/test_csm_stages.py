"""What a value goes through in an IoTtalk graph: idf, join and odf functions."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motelink_tools.hub.csm.esm.stages import Evaluator

from .csm_desk import digest


def evaluator(*idfs, join=None, odfs=({},)):
    """Stages with functions given as source; ``depends`` as sources by alias."""
    codes = {}

    def stored(stage):
        stage = {"func": None, "depends": {}, **stage}
        sources = [code for code in (stage["func"], *stage["depends"].values()) if code]
        codes.update({digest(code): code for code in sources})
        stage["func"] = stage["func"] and digest(stage["func"])
        stage["depends"] = {alias: digest(code) for alias, code in stage["depends"].items()}
        return stage

    def feature(number, stage):
        plain = {"id": ["d", str(number)], "input_type": None, "param_no": None, "tag_param_no": 0}
        return {**plain, **stored(stage)}

    return Evaluator(
        {
            "idfs": [feature(number, stage) for number, stage in enumerate(idfs)],
            "join": stored(join if isinstance(join, dict) else {"func": join}),
            "odfs": [feature(number, stage) for number, stage in enumerate(odfs)],
            "codes": codes,
        }
    )


def out(graph, elements, slot=0):
    """The outputs; there are no errors."""
    answer = graph.evaluate(slot, elements, watched=False)
    assert answer["errors"] == []
    assert "seen" not in answer
    return [json.loads(text) for _, text in answer["out"]]


def error(graph, elements, slot=0):
    """The only error."""
    (found,) = graph.evaluate(slot, elements, watched=False)["errors"]
    return found


INT = "def run(x): return int(x)\n"
SQUARE = "def run(x): return x ** 2\n"


def test_the_documentation_s_example():
    graph = evaluator({"func": INT}, join=SQUARE)
    assert out(graph, [7.9]) == [[49]]


def test_no_function_at_all():
    assert out(evaluator({}), [1, "a", None]) == [[1, "a", None]]


def test_functions_get_their_values_unpacked():
    graph = evaluator(
        {"func": "def run(a, b): return [a + b, a * b]"},
        join="def run(pair): return pair",
        odfs=[{"func": "def run(s, p): return (s, p, 'x')", "param_no": 3}, {"param_no": 1}],
    )
    assert out(graph, [3, 4]) == [[7, 12, "x"], [7]]


@pytest.mark.parametrize("result", ["7", "None", "'text'", "{'k': 1}", "True"])
def test_what_is_no_list_is_wrapped(result):
    code = f"def run(*_): return {result}"
    expected = [[eval(result)]]
    assert out(evaluator({"func": code}), [0]) == expected
    assert out(evaluator({}, join=code), [0]) == expected
    assert out(evaluator({}, odfs=[{"func": code}]), [0]) == expected


def test_the_join_gets_one_argument_for_each_idf():
    graph = evaluator({}, {}, {"func": INT}, join="def run(*slots): return repr(slots)")
    assert out(graph, [1, 2], slot=1) == [["(None, [1, 2], None)"]]
    assert out(graph, [5], slot=0) == [["(5, [1, 2], None)"]]
    assert out(graph, ["6"], slot=2) == [["(5, [1, 2], 6)"]]


def test_several_idfs_without_a_join():
    graph = evaluator({}, {})
    assert out(graph, [5]) == [[5, None]]
    assert out(graph, [6], slot=1) == [[5, 6]]


def test_outputs_repeat_their_last_value():
    graph = evaluator({}, odfs=[{"param_no": 3}, {"param_no": 1}])
    assert out(graph, [1, 2]) == [[1, 2, 2], [1]]


def test_tags_pass_by():
    graph = evaluator({"param_no": 1, "tag_param_no": 2, "func": SQUARE})
    assert out(graph, [3, "t", None]) == [[9, "t", None]]
    graph = evaluator({"tag_param_no": 1, "func": "def run(*all): return len(all)"})
    assert out(graph, [3, 4, "t"]) == [[2, "t"]]


@pytest.mark.parametrize(
    ("idf", "elements", "said"),
    [
        ({"param_no": 1}, [1, 2], "expected 1 value(s), got 2"),
        ({"param_no": 3}, [], "expected 3 value(s), got 0"),
        ({"param_no": 1, "tag_param_no": 1}, [1], "1 value(s) and 1 tag(s), got 1"),
        ({"tag_param_no": 2}, [1], "got 1"),
    ],
)
def test_a_wrong_number_of_elements(idf, elements, said):
    found = error(evaluator(idf), elements)
    assert said in found["msg"]
    assert (found["stage"], found["id"]) == ("idf", ["d", "0"])


def test_variants():
    graph = evaluator({"input_type": ["variant", "sample"]})
    assert out(graph, [10, 10]) == [[10, 10]]
    assert out(graph, [13, 13]) == [[3, 13]]
    assert out(graph, ["x", 1]) == [["x", 1]]
    assert out(graph, [1, None]) == [[1, None]]
    assert out(graph, [10**400, None])
    assert out(graph, [1.5, None]) == [[1.5, None]]
    assert out(evaluator({"input_type": "variant"}), [1, 2]) == [[1, 2]]


def test_globals_stay_and_each_use_has_its_own():
    count = "n = 0\ndef run(x):\n    global n\n    n += 1\n    return n\n"
    graph = evaluator({"func": count}, {"func": count})
    assert out(graph, [0]) == [[1, None]]
    assert out(graph, [0]) == [[2, None]]
    assert out(graph, [0], slot=1) == [[2, 1]]


def test_depends_are_attributes_of_iot():
    code = "def run(x): return iot.twice(iot.inc(x))"
    depends = {"twice": "def run(x): return 2 * x", "inc": "k = 1\ndef run(x): return x + k"}
    assert out(evaluator({"func": code, "depends": depends}), [4]) == [[10]]
    assert out(evaluator({}, join={"func": code, "depends": depends}), [4]) == [[10]]


def test_errors_name_stage_feature_function_and_line():
    code = "def helper(x):\n    return 1 / x\n\ndef run(x):\n    return helper(x)\n"
    found = error(evaluator({}, odfs=[{"func": code}]), [0])
    assert found == {
        "msg": "line 2: ZeroDivisionError: division by zero",
        "src": digest(code),
        "line": 2,
        "stage": "odf",
        "id": ["d", "0"],
    }
    found = error(evaluator({}, join=code), [0])
    assert (found["stage"], found["id"], found["line"]) == ("join", None, 2)


def test_errors_in_what_a_function_depends_on_name_that():
    helper = "# a helper\ndef run(x): return x.missing\n"
    code = "def run(x): return iot.h(x)\n"
    found = error(evaluator({"func": code, "depends": {"h": helper}}), [1])
    assert (found["src"], found["line"]) == (digest(helper), 2)
    assert "AttributeError" in found["msg"]


@pytest.mark.parametrize(
    ("code", "line", "said"),
    [
        ("def run(x):\n  return (\n", 2, "SyntaxError"),
        ("x = 1\nraise ValueError('no')\n", 2, "ValueError: no"),
        ("def walk(x): pass\n", None, "no function named run"),
        ("run = 7\n", None, "no function named run"),
        ("import sys\nsys.exit(3)\n", 2, "SystemExit: 3"),
        ("x = '\0'\n", None, "null"),
    ],
)
def test_source_that_cannot_run(code, line, said):
    graph = evaluator({"func": code})
    (failure,) = graph.failures()
    assert failure["line"] == line
    assert said in failure["msg"]
    assert failure["src"] == digest(code)
    assert error(graph, [1]) == failure
    # The values of others go on.
    assert out(evaluator({}, {"func": code}), [1]) == [[1, None]]


def test_one_output_that_fails_does_not_stop_the_others():
    graph = evaluator({}, odfs=[{"func": "def run(x): return 1 / x"}, {}])
    answer = graph.evaluate(0, [0], watched=False)
    assert answer["out"] == [[1, "[0]"]]
    assert len(answer["errors"]) == 1


@pytest.mark.parametrize(
    "result", ["float('nan')", "object()", "{1, 2}", "'x' * 300000", "b'x'", "nest()"]
)
def test_results_that_cannot_be_sent(result):
    code = f"""
def nest():
    x = []
    for i in range(100000):
        x = [x]
    return x
def run(x):
    return [{result}]
"""
    found = error(evaluator({}, odfs=[{"func": code}]), [0])
    assert "the result" in found["msg"]
    assert error(evaluator({"func": code}), [0])["stage"] == "odf"


def test_no_values_for_an_output_that_wants_some():
    assert "no value" in error(evaluator({}, odfs=[{"param_no": 1}]), [])["msg"]
    assert out(evaluator({}), []) == [[]]


def test_errors_whose_text_fails():
    code = """
class Odd(Exception):
    def __str__(self):
        raise RuntimeError
def run(x):
    raise Odd
"""
    assert "Odd" in error(evaluator({"func": code}), [1])["msg"]
    code = "def run(x): raise ValueError('x' * 100000)"
    assert len(error(evaluator({"func": code}), [1])["msg"]) <= 500


def test_what_is_seen_at_each_stage():
    graph = evaluator({"func": INT}, {}, join="def run(a, b): return a", odfs=[{}, {"func": INT}])
    seen = json.loads(graph.evaluate(0, [2.5], watched=True)["seen"])
    assert seen == {
        "idf": {"id": ["d", "0"], "input": [2.5], "output": 2},
        "join": {"input": [2, None], "output": 2},
        "odf": [{"id": ["d", "0"], "output": [2]}, {"id": ["d", "1"], "output": [2]}],
    }


def test_what_is_no_json_is_seen_as_text():
    graph = evaluator({"func": "def run(x): return object()"}, join="def run(x): return 1")
    seen = json.loads(graph.evaluate(0, [1], watched=True)["seen"])
    assert seen["idf"]["output"].startswith("<object object")
    assert seen["odf"] == [{"id": ["d", "0"], "output": [1]}]


@pytest.mark.parametrize("value", ["float('inf')", "loop", "'x' * 300000", "{1: {(2,): 3}}"])
def test_whatever_is_seen_is_json(value):
    code = f"loop = []\nloop.append(loop)\ndef run(x): return {value}\n"
    graph = evaluator({"func": code}, join="def run(x): return 1")
    text = graph.evaluate(0, [1], watched=True)["seen"]
    seen = json.loads(text, parse_constant=lambda constant: pytest.fail(constant))
    assert seen["idf"]["id"] == ["d", "0"]
    assert len(text) < 300000


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=5,
)
COUNTS = st.none() | st.integers(0, 4)
TYPES = st.sampled_from([None, "variant", ["variant"], ["sample", "variant", "variant"]])


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.lists(VALUES, max_size=4), min_size=1, max_size=4),
    COUNTS,
    st.integers(0, 2),
    TYPES,
    COUNTS,
    st.sampled_from([None, "def run(*x): return x", "def run(x): return x - 1"]),
)
def test_any_values(messages, count, tags, types, outputs, code):
    idf = {"param_no": count, "tag_param_no": tags, "input_type": types, "func": code}
    graph = evaluator(idf, {}, join=code, odfs=[{"param_no": outputs, "func": code}, {}])
    for message in messages:
        answer = graph.evaluate(0, message, watched=True)
        json.dumps(answer, allow_nan=False)
        json.loads(answer["seen"], parse_constant=lambda constant: pytest.fail(constant))
        for _, text in answer["out"]:
            assert isinstance(json.loads(text), list)
