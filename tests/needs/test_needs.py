"""A question on its way: every step on a real database, who may take it, and what it leaves."""

from __future__ import annotations

from typing import Any

from beneficiaries.test_merges import a_merge
from citywide.errors import Code
from needs.conftest import COLLEAGUE, OFFICER, POLICY, WORKER, Errand, an_errand
from walls.house import House

TABLES = ("need", "need_step", "policy_document", "policy_clause", "audit_entry", "outbox")


async def counts(house: House) -> dict[str, int]:
    return {table: await house.owner.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}


async def test_a_question_is_carried_to_a_department_and_its_answer_back(errand: Errand) -> None:
    await errand.carried("CLOSED")
    seen = await errand.read(
        WORKER,
        """status question referredQuestion raisedOn referredOn dueOn answer answeredOn printedOn
        deliveredOn satisfaction endedOn daysOpen daysInStatus isOverdue
        kind { label } department { code } clause { label document { title number } }
        beneficiary { name } steps { position status enteredOn leftOn days note }""",
    )
    steps = [
        ("RAISED", "2015-10-12", "2015-10-14", 2),
        ("REFERRED", "2015-10-14", "2015-10-20", 6),
        ("ANSWERED", "2015-10-20", "2015-10-21", 1),
        ("PRINTED", "2015-10-21", "2015-10-23", 2),
        ("DELIVERED", "2015-10-23", "2015-10-23", 0),
        ("RATED", "2015-10-23", "2015-10-24", 1),
        ("CLOSED", "2015-10-24", None, None),
    ]
    keys = ("status", "enteredOn", "leftOn", "days")
    assert [tuple(step[key] for key in keys) for step in seen.pop("steps")] == steps
    name = errand.person["name"]
    assert seen == {
        "status": "CLOSED",
        "question": "我的抚恤补助为什么没有到账？",
        "referredQuestion": "我的抚恤补助为什么没有到账？",
        "raisedOn": "2015-10-12",
        "referredOn": "2015-10-14",
        "dueOn": "2015-10-29",
        "answer": "补助因账号变更退回，已补发。",
        "answeredOn": "2015-10-20",
        "printedOn": "2015-10-21",
        "deliveredOn": "2015-10-23",
        "satisfaction": 5,
        "endedOn": "2015-10-24",
        "daysOpen": 12,
        "daysInStatus": None,
        "isOverdue": False,
        "kind": {"label": "抚恤补助"},
        "department": {"code": "entitled-persons"},
        "clause": {
            "label": "第七条",
            "document": {"title": POLICY["title"], "number": POLICY["number"]},
        },
        "beneficiary": {"name": name},
    }


async def test_a_question_that_says_whose_it_is_is_not_referred(errand: Errand) -> None:
    name, address = errand.person["name"], errand.person["address"]
    for question in (
        f"我是{name}，补助何时发？",
        f"我是{name[0]} {name[1:]}，补助何时发？",
        "请回电 137.0000.1234，补助何时发？",
        "请回电 137－0000－1234，补助何时发？",
        "请回电 137　0000　1234，补助何时发？",
        "身份证 380382/19601031/5836，补助何时发？",
        f"住{address}，补助何时发？",
    ):
        await errand.raised(question=question)
        before = await counts(errand.house)
        refused = await errand.step("referNeed")
        assert (refused["__typename"], refused["path"]) == ("RevealingProblem", ["question"])
        assert await counts(errand.house) == before
        assert (await errand.read(OFFICER, "referredQuestion"))["referredQuestion"] is None
        assert (await errand.step("referNeed", question="补助何时发？"))["need"]["status"]


async def test_every_step_tells_and_is_in_the_trail_of_the_agency_with_the_person(
    errand: Errand,
) -> None:
    before = await counts(errand.house)
    await errand.carried("RATED")
    owner = errand.house.owner
    after = await counts(errand.house)
    assert after["audit_entry"] - before["audit_entry"] == 6
    tenant = "SELECT tenant_id FROM tenant WHERE slug = 'shouqianshou'"
    told = await owner.fetch(f"SELECT topic FROM outbox WHERE tenant_id = ({tenant})")
    assert [row["topic"] for row in told] == ["needChanged"] * 6
    actors = await owner.fetch(
        f"SELECT actor FROM audit_entry WHERE tenant_id = ({tenant}) ORDER BY position"
    )
    assert [row["actor"] for row in actors] == [WORKER, WORKER, OFFICER, WORKER, WORKER, WORKER]
    subjects = await owner.fetch(
        f"SELECT person_id FROM audit_subject WHERE tenant_id = ({tenant})"
    )
    assert len(subjects) == 6
    assert len({row["person_id"] for row in subjects}) == 1


# What is tried at each status, beside the step that leads on.
WRONG_STEPS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "RAISED": [("printAnswer", {}), ("rateNeed", {"satisfaction": 3})],
    "REFERRED": [("referNeed", {}), ("deliverAnswer", {})],
    "ANSWERED": [("deliverAnswer", {}), ("referNeed", {})],
    "PRINTED": [("rateNeed", {"satisfaction": 3}), ("closeNeed", {})],
    "DELIVERED": [("withdrawNeed", {"reason": "不问了"}), ("printAnswer", {})],
    "RATED": [("rateNeed", {"satisfaction": 1})],
    "CLOSED": [("closeNeed", {"note": "再次"}), ("withdrawNeed", {"reason": "不问了"})],
}


async def test_any_other_step_is_a_problem_that_names_the_possible_ones(errand: Errand) -> None:
    for status, tried in WRONG_STEPS.items():
        await errand.carried(status)
        before = await counts(errand.house)
        for mutation, given in tried:
            answer = await errand.step(mutation, **given)
            assert (answer["__typename"], answer["code"]) == ("StateProblem", "WRONG_STATE")
            assert f"The need is {status.lower()}" in answer["message"]
            ends = "No step follows" if status == "CLOSED" else "Possible steps: "
            assert ends in answer["message"]
        assert await counts(errand.house) == before
        assert (await errand.read(WORKER, "status"))["status"] == status


async def test_an_answer_is_given_once(errand: Errand) -> None:
    await errand.carried("ANSWERED")
    again = await errand.answered(answer="另一个答复。")
    assert again["code"] == "WRONG_STATE"
    assert (await errand.read(WORKER, "answer"))["answer"] == "补助因账号变更退回，已补发。"


async def test_a_need_changed_meanwhile_is_read_again(errand: Errand) -> None:
    await errand.raised()
    before = await counts(errand.house)
    answer = await errand.step("referNeed", version=errand.need["version"] + 1)
    assert answer["__typename"] == "StaleVersionProblem"
    assert await counts(errand.house) == before


async def test_a_returned_question_is_put_more_clearly_and_referred_again(errand: Errand) -> None:
    await errand.carried("REFERRED")
    returned = await errand.step(
        "returnNeed", OFFICER, clarification="哪个月的补助？", day="2015-10-16"
    )
    assert returned["need"]["status"] == "RETURNED"
    unclear = await errand.step("referNeed", day="2015-10-19")
    assert (unclear["__typename"], unclear["path"]) == ("InputProblem", ["question"])
    await errand.step("referNeed", question="十月的抚恤补助没有到账，何时补发？", day="2015-10-19")
    seen = await errand.read(OFFICER, "referredQuestion dueOn clarification steps { days }")
    assert seen == {
        "referredQuestion": "十月的抚恤补助没有到账，何时补发？",
        "dueOn": "2015-11-03",
        "clarification": "哪个月的补助？",
        "steps": [{"days": 2}, {"days": 2}, {"days": 3}, {"days": 23}],
    }


async def test_a_question_is_withdrawn_with_a_reason(errand: Errand) -> None:
    await errand.carried("REFERRED")
    blank = await errand.step("withdrawNeed", reason=" ")
    assert (blank["__typename"], blank["path"]) == ("InputProblem", ["reason"])
    await errand.step("withdrawNeed", reason="本人已自行解决", day="2015-10-15")
    seen = await errand.read(WORKER, "status endedOn daysOpen steps { note }")
    assert (seen["status"], seen["endedOn"], seen["daysOpen"]) == ("WITHDRAWN", "2015-10-15", 3)
    assert seen["steps"][-1] == {"note": "本人已自行解决"}


async def test_closing_without_a_rating_says_why(errand: Errand) -> None:
    await errand.carried("DELIVERED")
    silent = await errand.step("closeNeed")
    assert (silent["__typename"], silent["path"]) == ("InputProblem", ["note"])
    closed = await errand.step("closeNeed", note="本人不愿评分")
    assert closed["need"]["status"] == "CLOSED"


async def test_a_next_question_is_linked_to_a_delivered_answer_alone(errand: Errand) -> None:
    await errand.carried("PRINTED")
    first = errand.need["id"]
    early = await errand.raised(followsId=first, raisedOn="2015-10-25")
    assert (early["__typename"], early["path"]) == ("StateProblem", ["followsId"])
    await errand.step("deliverAnswer", day="2015-10-23")
    before = await errand.raised(followsId=first, raisedOn="2015-10-22")
    assert (before["__typename"], before["path"]) == ("InputProblem", ["raisedOn"])
    next_one = await errand.raised(followsId=first, raisedOn="2015-10-25")
    assert next_one["__typename"] == "RaiseNeedSuccess"
    seen = await errand.read(WORKER, "follows { id followedBy { nodes { id } } }")
    assert seen["follows"] == {
        "id": first,
        "followedBy": {"nodes": [{"id": errand.need["id"]}]},
    }


async def test_overdue_needs_surface_by_department(errand: Errand) -> None:
    await errand.raised()
    await errand.step("referNeed", day="2015-10-26")
    on_time = errand.need["id"]
    await errand.raised()
    await errand.step("referNeed", day="2015-10-27")
    document = """query($overdue: Boolean!) { needs(
        where: {isOverdue: {eq: $overdue}, department: {code: {eq: "entitled-persons"}}},
        orderBy: [{field: DUE_ON}]) { totalCount nodes { id dueOn isOverdue } } }"""
    # 15 days after 26 October is 10 November, and the pilot is shown as of 11 November.
    late = await errand.house.data(OFFICER, document, overdue=True)
    assert late["needs"]["nodes"] == [{"id": on_time, "dueOn": "2015-11-10", "isOverdue": True}]
    open_ones = await errand.house.data(OFFICER, document, overdue=False)
    assert [each["dueOn"] for each in open_ones["needs"]["nodes"]] == ["2015-11-11"]
    by_wait = """{ needs(orderBy: [{field: IS_OVERDUE, direction: DESC}, {field: DAYS_IN_STATUS}])
        { nodes { daysInStatus } } }"""
    found = await errand.house.data(WORKER, by_wait)
    assert found["needs"]["nodes"] == [{"daysInStatus": 16}, {"daysInStatus": 15}]


async def test_the_same_key_again_takes_no_second_step(errand: Errand) -> None:
    await errand.raised()
    told = {"needId": errand.need["id"], "version": errand.need["version"], "day": "2015-10-14"}
    answers = [
        await errand.house.act(WORKER, "referNeed", "need { status version }", key="k", **told)
        for _ in range(3)
    ]
    assert answers[0] == answers[1] == answers[2]
    assert len((await errand.read(WORKER, "steps { id }"))["steps"]) == 2


# -- what is refused ---------------------------------------------------------------------------


BAD_QUESTIONS: list[tuple[dict[str, Any], str]] = [
    ({"question": "字" * 1001}, "question"),
    ({"question": "好\u0007"}, "question"),
    ({"raisedOn": "2015-11-12"}, "raisedOn"),
    ({"raisedOn": "2010-01-01"}, "raisedOn"),
    ({"kindId": "nonsense"}, "kindId"),
    ({"beneficiaryId": "nonsense"}, "beneficiaryId"),
    ({"followsId": "nonsense"}, "followsId"),
]
BAD_STEPS: dict[str, list[tuple[str, dict[str, Any], str]]] = {
    "RAISED": [
        ("referNeed", {"departmentId": "nonsense"}, "departmentId"),
        ("referNeed", {"day": "2015-11-12"}, "day"),
        ("referNeed", {"question": "字" * 1001}, "question"),
    ],
    "REFERRED": [
        ("answerNeed", {"clauseId": "nonsense", "answer": "好"}, "clauseId"),
        ("returnNeed", {"clarification": " "}, "clarification"),
    ],
    "PRINTED": [("deliverAnswer", {"serviceRecordId": "nonsense"}, "serviceRecordId")],
    "DELIVERED": [
        ("rateNeed", {"satisfaction": 6}, "satisfaction"),
        ("rateNeed", {"satisfaction": 0}, "satisfaction"),
    ],
}


async def test_a_bad_question_is_a_problem_that_names_the_field(errand: Errand) -> None:
    before = await counts(errand.house)
    for changes, path in BAD_QUESTIONS:
        answer = await errand.raised(**changes)
        assert (answer["__typename"], answer["path"]) == ("InputProblem", [path])
    assert await counts(errand.house) == before


async def test_a_bad_step_is_a_problem_that_names_the_field(errand: Errand) -> None:
    for status, tried in BAD_STEPS.items():
        await errand.carried(status)
        before = await counts(errand.house)
        for mutation, given, path in tried:
            user = OFFICER if mutation in {"answerNeed", "returnNeed"} else WORKER
            answer = await errand.step(mutation, user, **given)
            assert (answer["__typename"], answer["path"]) == ("InputProblem", [path])
        assert await counts(errand.house) == before


# The next step after each, one day before it.
EARLY_STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "RAISED": ("referNeed", {"day": "2015-10-11"}),
    "REFERRED": ("withdrawNeed", {"day": "2015-10-13", "reason": "不问了"}),
    "ANSWERED": ("printAnswer", {"day": "2015-10-19"}),
    "PRINTED": ("deliverAnswer", {"day": "2015-10-20"}),
    "DELIVERED": ("rateNeed", {"day": "2015-10-22", "satisfaction": 4}),
    "RATED": ("closeNeed", {"day": "2015-10-22"}),
}


async def test_no_question_is_put_on_a_file_that_is_continued_in_another(pilot: House) -> None:
    errand = await an_errand(pilot)
    merge = await a_merge(pilot)
    await pilot.act("shouqianshou.director", "mergeBeneficiaries", **merge)
    before = await counts(pilot)
    answer = await errand.raised(beneficiaryId=merge["mergedId"])
    assert (answer["code"], answer["path"]) == ("WRONG_STATE", ["beneficiaryId"])
    assert await counts(pilot) == before


async def test_a_step_before_the_one_before_it_is_refused(errand: Errand) -> None:
    for status, (mutation, given) in EARLY_STEPS.items():
        await errand.carried(status)
        before = await counts(errand.house)
        answer = await errand.step(mutation, **given)
        assert (answer["code"], answer["path"]) == ("WRONG_STATE", ["day"])
        assert await counts(errand.house) == before


async def test_every_day_of_a_need_lies_in_one_stay(errand: Errand) -> None:
    await errand.carried("REFERRED")
    await errand.step("returnNeed", OFFICER, clarification="哪个月？", day="2015-10-14")
    await errand.step("referNeed", question="十月的补助何时补发？", day="2015-10-17")
    await errand.carried("CLOSED")
    steps = (await errand.read(WORKER, "steps { position enteredOn leftOn }"))["steps"]
    assert [step["position"] for step in steps] == [*range(1, 10)]
    assert [step["leftOn"] for step in steps[:-1]] == [step["enteredOn"] for step in steps[1:]]
    assert (steps[0]["enteredOn"], steps[-1]["leftOn"]) == ("2015-10-12", None)


async def test_a_strangers_service_is_not_where_an_answer_was_delivered(errand: Errand) -> None:
    await errand.carried("PRINTED")
    listed = """query($id: ID!) { node(id: $id) { ... on Beneficiary { attendances(first: 1) {
        nodes { serviceRecord { id servedOn } } } } }
      serviceRecords(first: 100) { nodes { id servedOn attendances { nodes { person {
        ... on Beneficiary { id } } } } } } }"""
    found = await errand.house.data(WORKER, listed, id=errand.person["id"])
    mine = errand.person["id"]
    strange = next(
        record
        for record in found["serviceRecords"]["nodes"]
        if all(each["person"].get("id") != mine for each in record["attendances"]["nodes"])
    )
    answer = await errand.step("deliverAnswer", serviceRecordId=strange["id"])
    assert (answer["__typename"], answer["path"]) == ("InputProblem", ["serviceRecordId"])
    [own] = found["node"]["attendances"]["nodes"]
    wrong_day = await errand.step(
        "deliverAnswer", serviceRecordId=own["serviceRecord"]["id"], day="2015-11-11"
    )
    assert (wrong_day["__typename"], wrong_day["path"]) == ("InputProblem", ["day"])


# -- who sees and does what --------------------------------------------------------------------

WORDS = "question referredQuestion answer clarification remark"


async def test_a_colleague_sees_that_there_is_a_need_and_none_of_its_words(errand: Errand) -> None:
    await errand.carried("RATED")
    seen = await errand.read(COLLEAGUE, f"status {WORDS} beneficiary {{ name }}")
    assert seen == {
        "status": "RATED",
        **dict.fromkeys(WORDS.split()),
        "beneficiary": {"name": f"{errand.person['name'][0]}**"},
    }
    found = await errand.house.data(
        COLLEAGUE, '{ needs(where: {question: {contains: "补助"}}) { totalCount } }'
    )
    assert found["needs"]["totalCount"] == 0


async def test_a_worker_takes_no_step_for_a_colleagues_client(errand: Errand) -> None:
    await errand.raised()
    before = await counts(errand.house)
    denied = await errand.step("referNeed", COLLEAGUE)
    assert (denied["__typename"], denied["code"]) == ("AccessProblem", "NOT_YOURS")
    assert await counts(errand.house) == before
    allowed = await errand.step("referNeed", "shouqianshou.director")
    assert allowed["__typename"] == "ReferNeedSuccess"


async def test_an_officer_reads_the_question_and_not_whose_it_is(errand: Errand) -> None:
    await errand.raised(question=f"我是{errand.person['name']}，电话13800000000，何时补发？")
    assert (await errand.read(OFFICER, WORDS)) == dict.fromkeys(WORDS.split())
    await errand.step("referNeed", question="我的补助何时补发？")
    seen = await errand.read(OFFICER, "question referredQuestion beneficiary { name phone }")
    surname = errand.person["name"][0]
    assert seen == {
        "question": None,
        "referredQuestion": "我的补助何时补发？",
        "beneficiary": {"name": f"{surname}**", "phone": None},
    }


async def test_a_supervisor_sees_the_course_without_a_word_or_a_name(errand: Errand) -> None:
    await errand.carried("RATED")
    seen = await errand.read("supervisor.lead", f"status satisfaction {WORDS} steps {{ days }}")
    assert seen["status"] == "RATED"
    assert [seen[word] for word in WORDS.split()] == [None] * 5
    document = "{ needs { nodes { beneficiary { name } } } }"
    assert await errand.house.forbidden("supervisor.lead", document) == {"Beneficiary.name"}


async def test_who_carries_no_needs_sees_none(pilot: House) -> None:
    agency = ["shouqianshou.finance", "shouqianshou.volunteers"]
    for user in [*agency, "bureau.budget", "bureau.evaluator", "bureau.analyst"]:
        assert "Query.needs" in await pilot.forbidden(user, "{ needs { totalCount } }")


async def test_another_agencys_need_is_as_unknown_as_one_that_never_was(errand: Errand) -> None:
    await errand.raised()
    before = await counts(errand.house)
    told = {"needId": errand.need["id"], "version": 1}
    answer = await errand.house.act("yixin.director", "referNeed", **told)
    assert (answer["message"], answer["path"]) == ("There is no Need with this id.", ["needId"])
    assert await errand.read("yixin.director", "id") is None
    never = errand.need["id"][:-4] + "AAAA"
    unknown = await errand.house.act(
        OFFICER, "returnNeed", needId=never, version=1, clarification="哪个月？"
    )
    assert (unknown["message"], unknown["path"]) == ("There is no Need with this id.", ["needId"])
    assert await counts(errand.house) == before


async def test_who_may_not_is_refused_before_anything_is_read(errand: Errand) -> None:
    await errand.carried("REFERRED")
    before = await counts(errand.house)
    ids = {"needId": errand.need["id"], "version": errand.need["version"]}
    kind_id = errand.kinds["pension"]["id"]
    answering = {**ids, "answer": "好", "clauseId": errand.clause_ids[0]}
    asking = {"kindId": kind_id, "question": "何时？", "channel": "PHONE"}
    tried: list[tuple[str, str, dict[str, Any]]] = [
        (WORKER, "answerNeed", answering),
        ("shouqianshou.director", "answerNeed", answering),
        ("shouqianshou.director", "publishPolicyDocument", POLICY),
        ("bureau.auditor", "answerNeed", answering),
        (OFFICER, "raiseNeed", {**asking, "beneficiaryId": errand.person["id"]}),
        (OFFICER, "deliverAnswer", ids),
        ("supervisor.lead", "returnNeed", {**ids, "clarification": "？"}),
    ]
    for user, mutation, given in tried:
        kind = mutation[0].upper() + mutation[1:]
        refusal = await errand.house.refusal(
            user,
            f"mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ __typename }} }}",
            input={**given, "idempotencyKey": "k"},
        )
        assert refusal.code is Code.FORBIDDEN
        assert refusal.extensions["coordinates"] == [f"Mutation.{mutation}"]
    assert await counts(errand.house) == before
