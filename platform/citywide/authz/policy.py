"""The policy: Casbin is asked once for a set of roles, and its answers become their grants.

Casbin walks its rows for every question, far too slow to be asked for each field of a request.
So the rows are read once, a group or `*` is written out as the coordinates it means, and a
FastEnforcer keeps them by coordinate, action and scope. One question then looks at the few rows
that can match, however long the policy is. The answers are those of the plain `casbin.Enforcer`
on the same two files; a property test holds them equal for every combination.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Self

from cachetools import LRUCache

from citywide.authz.approvals import FILE as APPROVALS_FILE
from citywide.authz.approvals import Approvals
from citywide.authz.checks import (
    BASE_ROLES,
    Vocabulary,
    faults_of_roles,
    faults_of_rules,
    together,
    uncovered,
)
from citywide.authz.enforcement import enforcer, probe, subject
from citywide.authz.grants import Grant, Grants, Scope, widest
from citywide.authz.own_roles import (
    BASE_ROLE,
    CEILING,
    OwnRole,
    Permission,
    Role,
    faults_of_rule,
    permissions,
)
from citywide.authz.rules import Action, Effect, Rule, Rulebook, question, read_rules
from citywide.errors import OperatorError

MODEL_FILE = "model.conf"
POLICY_FILE = "policy.csv"
# Sets of roles whose grants are kept, some 100 kB each: those of the policy are a few dozen,
# those with roles of an agency's own as many as agencies make.
ROLE_SETS = 500


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a member with these roles may read a coordinate, or may not."""

    coordinate: str
    roles: frozenset[Role]
    grant: Grant | None
    # The rows that decided: those that allow; of a denial those that deny, none if none allows.
    rules: tuple[Rule, ...]
    # Why there is no grant, where the rules alone do not say it.
    remark: str = ""

    def __str__(self) -> str:
        held = " and ".join(sorted(map(str, self.roles))) or "a member without roles"
        remark = self.remark or ("" if self.rules else "No rule allows it.")
        sentence = f"{self.coordinate} is {self._verdict} for {held}. {remark}".rstrip()
        return "\n".join([sentence, *(f"  {rule}" for rule in self.rules)])

    @property
    def _verdict(self) -> str:
        match self.grant:
            case Grant(clear=Scope() as clear, masked=Scope() as masked) if masked != clear:
                return f"allowed within {clear} and masked within the rest of {masked}"
            case Grant(clear=Scope() as clear):
                return f"allowed within {clear}"
            case Grant(masked=Scope() as masked):
                return f"masked within {masked}"
        return "denied"


class Policy:
    """The rules in force, and the grants they come to."""

    def __init__(
        self,
        folder: Path,
        digest: bytes,
        rulebook: Rulebook,
        vocabulary: Vocabulary,
        version: int,
    ) -> None:
        self.version = version
        self.approvals = Approvals.read(folder)
        self._folder = folder
        self._digest = digest
        self._rulebook = rulebook
        self._vocabulary = vocabulary
        self._ancestors = rulebook.ancestors()
        # A role that another inherits from is a building block: no member holds it.
        self.roles = frozenset(self._ancestors) - {link.parent for link in rulebook.inheritances}
        # The same in the order of the file.
        self.role_order = tuple(
            dict.fromkeys(link.role for link in rulebook.inheritances if link.role in self.roles)
        )
        self.coordinates = frozenset(vocabulary.coordinates)
        self._written_out = [
            (rule, coordinate)
            for rule in rulebook.rules
            for coordinate in vocabulary.coordinates_of(rule)
        ]
        self._questions: dict[str, list[Permission]] = defaultdict(list)
        for rule, coordinate in self._written_out:
            if rule.effect is Effect.ALLOW:
                self._questions[rule.role].append((coordinate, rule.action, rule.scope))
        # Casbin compares a coordinate with the rows' and does nothing else with it: those with the
        # same rows have the same answers, and one of them is asked for all.
        rows: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for rule, coordinate in self._written_out:
            rows[coordinate].append((rule.role, rule.action, rule.scope, rule.effect))
        first: dict[tuple[tuple[str, ...], ...], str] = {}
        self._alike = {
            coordinate: first.setdefault(tuple(sorted(found)), coordinate)
            for coordinate, found in rows.items()
        }
        self._links = [(link.role, link.parent) for link in rulebook.inheritances]
        self._enforcer = enforcer(
            folder / MODEL_FILE,
            [rule.about(coordinate) for rule, coordinate in self._written_out],
            self._links,
        )
        self._answers: LRUCache[frozenset[Role], Mapping[str, Grant]] = LRUCache(ROLE_SETS)
        self._grants: LRUCache[frozenset[Role], Grants] = LRUCache(ROLE_SETS)

    @classmethod
    def load(
        cls,
        folder: Path,
        coordinates: Sequence[str],
        maskable: Collection[str],
        caseloads: Collection[str],
        *,
        version: int = 1,
    ) -> Self:
        """Read `model.conf` and `policy.csv` of `folder`; OperatorError lists all that is wrong.

        `coordinates` are all that a rule can be about, `maskable` those of them that have a mask,
        `caseloads` the types that know whose caseload a row is in.
        """
        digest = _digest(folder)
        probe(folder / MODEL_FILE)
        rulebook = read_rules(folder / POLICY_FILE)
        vocabulary = Vocabulary(coordinates, maskable, caseloads)
        faults = [*faults_of_rules(rulebook, vocabulary), *faults_of_roles(rulebook)]
        if faults:
            raise OperatorError("\n".join(faults))
        policy = cls(folder, digest, rulebook, vocabulary, version)
        faults = [*policy._faults_of_grants(), *policy.approvals.strangers(policy.roles)]
        if faults:
            raise OperatorError("\n".join(faults))
        return policy

    def reload(self) -> Self:
        """The policy of the files as they are now: itself, or a new one with the next version.

        When the files are faulty this raises, and the caller keeps the policy it has.
        """
        if _digest(self._folder) == self._digest:
            return self
        known = self._vocabulary
        return type(self).load(
            self._folder,
            known.coordinates,
            known.maskable,
            known.caseloads,
            version=self.version + 1,
        )

    def grants(self, roles: frozenset[Role]) -> Grants:
        """What a member with these roles may read; a role the policy does not know adds nothing.

        An agency's own role adds what the policy lets it hand on (`own_roles`). Roles of different
        base roles allow nothing together. A coordinate that two roles can read in fewer rows than
        its type is left out, lest a row be shown without a right to the field; only a denial, or
        two own roles, bring that about: everything else of the kind is refused.
        """
        held = self._known(roles)
        found = self._grants.get(held)
        if found is None:
            answers = self._asked(held) if len(self._bases(held)) == 1 else {}
            short = frozenset(uncovered(answers, self._vocabulary.coordinates))
            kept = {name: grant for name, grant in answers.items() if name not in short}
            found = self._grants[held] = Grants(held, self.version, kept)
        return found

    def grantable(self) -> frozenset[str]:
        """The policy's roles that a member of an agency can hold."""
        return frozenset(role for role in self.roles if BASE_ROLE in self._ancestors[role])

    def blocks(self) -> frozenset[str]:
        """What an agency's own role can be built of: roles of agencies, held or inherited."""
        return frozenset(role for role, above in self._ancestors.items() if BASE_ROLE in above)

    def faults_of_role(self, role: OwnRole) -> Iterator[tuple[str, str]]:
        """Why an agency cannot make this role: what it is about, and the reason.

        It is beyond the ceiling, not in the schema, or makes a field readable in fewer rows than
        its type, alone or together with a role of the policy.
        """
        for block in sorted(role.blocks - self.blocks()):
            yield block, f"The policy has no role {block} for agencies."
        ceiling = self._asked(frozenset({CEILING}))
        for rule in sorted(role.rules, key=str):
            for sentence in faults_of_rule(rule, ceiling, self._vocabulary):
                yield rule.object, sentence
        alone = self._asked(frozenset[Role]({role}))
        short = set(uncovered(alone, self._vocabulary.coordinates))
        for name in sorted(short):
            yield name, f"{name} needs {name.partition('.')[0]}.id as widely, not more widely."
        for other in sorted(self.grantable()):
            union = together(alone, self._asked(frozenset({other})))
            for name in sorted({*uncovered(union, self._vocabulary.coordinates)} - short):
                yield name, f"Held with {other}, {name} is readable in fewer rows than its type."

    def why(self, roles: frozenset[Role], coordinate: str) -> Explanation:
        """The rows that decided over `coordinate` for a member with these roles."""
        held = self._known(roles)
        if len(self._bases(held)) > 1:
            remark = "Its roles look at different rows, and together they allow nothing."
            return Explanation(coordinate, roles, None, (), remark)
        grant = self.grants(held).of(coordinate)
        named = frozenset(role for role in held if isinstance(role, str))
        rules = tuple(
            rule
            for rule, meant in self._written_out
            if meant == coordinate and _decided(rule, grant) and self._speaks_of(rule, meant, named)
        )
        remark = "A role of the agency's own allows it." if grant is not None and not rules else ""
        return Explanation(coordinate, roles, grant, rules, remark)

    def _known(self, roles: frozenset[Role]) -> frozenset[Role]:
        return frozenset(role for role in roles if isinstance(role, OwnRole) or role in self.roles)

    def _bases(self, roles: Iterable[Role]) -> set[str]:
        return {
            base
            for role in roles
            for base in (
                {BASE_ROLE}
                if isinstance(role, OwnRole)
                else self._ancestors[role] & BASE_ROLES.keys()
            )
        }

    def _asked(self, roles: frozenset[Role]) -> Mapping[str, Grant]:
        """Casbin's answers to every question, for a subject that has exactly these roles."""
        found = self._answers.get(roles)
        if found is None:
            own = [role for role in roles if isinstance(role, OwnRole)]
            named = frozenset(role for role in roles if isinstance(role, str))
            found = self._answered(named, own, self._bases(roles))
            self._answers[roles] = found
        return found

    def _answered(
        self, named: frozenset[str], own: Sequence[OwnRole], bases: Collection[str]
    ) -> Mapping[str, Grant]:
        """Casbin's answers; an agency's own roles are rows beside the policy's, of no other name.

        So a denial that one of the policy's roles carries holds against them as well.
        """
        rows = [rule.about(coordinate) for rule, coordinate in self._written_out]
        links = [*self._links]
        questions = list(self._questions_of(named | ({BASE_ROLE} if own else frozenset()), bases))
        for number, role in enumerate(own):
            name = f"+own{number}"
            links.append((name, BASE_ROLE))
            for coordinate, action, scope in self._permissions(role):
                rows.append((name, *question(coordinate, action, scope), Effect.ALLOW.value))
                questions.append((coordinate, action, scope))
        asked = enforcer(self._folder / MODEL_FILE, rows, links) if own else self._enforcer
        asker = subject(asked, named.union(f"+own{number}" for number in range(len(own))))
        alike = {} if own else self._alike
        answers: dict[Permission, bool] = {}
        reached: dict[str, dict[Action, list[Scope]]] = {}
        for coordinate, action, scope in dict.fromkeys(questions):
            one = (alike.get(coordinate, coordinate), action, scope)
            if one not in answers:
                answers[one] = asked.enforce(asker, *question(*one))
            if answers[one]:
                reached.setdefault(coordinate, {}).setdefault(action, []).append(scope)
        return {
            coordinate: Grant(
                clear=widest([*scopes.get(Action.READ, ()), *scopes.get(Action.EXECUTE, ())]),
                masked=widest(scopes.get(Action.READ_MASKED, ())),
            )
            for coordinate, scopes in reached.items()
        }

    def _permissions(self, role: OwnRole) -> Iterator[Permission]:
        """What an agency's own role may do, within the ceiling of the policy as it is now."""
        ceiling = self._asked(frozenset({CEILING}))
        blocks = self._asked(frozenset(role.blocks & self.blocks()))
        return permissions(role, blocks, ceiling, self._vocabulary)

    def _questions_of(self, roles: Iterable[str], bases: Collection[str]) -> Iterator[Permission]:
        """What some rule about these roles allows, or about one they inherit from.

        Nothing else is asked: without a rule the answer is no, and a FastEnforcer compares a key
        without rows with empty strings.
        """
        scopes = {scope for base in bases for scope in BASE_ROLES[base]}
        spoken_of = {above for role in roles for above in self._ancestors[role]}
        for role in sorted(spoken_of):
            yield from (asked for asked in self._questions.get(role, ()) if asked[2] in scopes)

    def _speaks_of(self, rule: Rule, coordinate: str, roles: frozenset[str]) -> bool:
        """Whether the row is about these roles: Casbin's answer when it holds that row alone."""
        asked = question(coordinate, rule.action, rule.scope)
        row = (rule.role, *asked, Effect.ALLOW.value)
        alone = enforcer(self._folder / MODEL_FILE, [row], self._links)
        return bool(alone.enforce(subject(alone, roles), *asked))

    def _faults_of_grants(self) -> Iterator[str]:
        """Fields that a role, or two roles of one base role together, can read in too few rows."""
        place = f"{self._folder.name}/{POLICY_FILE}"
        coordinates = self._vocabulary.coordinates
        answers = {role: self._asked(frozenset({role})) for role in sorted(self.roles)}
        short = {role: set(uncovered(grants, coordinates)) for role, grants in answers.items()}
        for role, names in short.items():
            for name in sorted(names):
                yield (
                    f"{place}: {role} can read {name} in fewer rows than its type; "
                    f"allow {name}, clear or masked, as widely as {name.partition('.')[0]}.id."
                )
        for one, other in combinations(answers, 2):
            if self._bases([one]) != self._bases([other]):
                continue
            union = together(answers[one], answers[other])
            for name in sorted({*uncovered(union, coordinates)} - short[one] - short[other]):
                yield (
                    f"{place}: {one} and {other}, held together, can read {name} in fewer "
                    f"rows than its type; allow {name} to one as widely as to the other."
                )


def _digest(folder: Path) -> bytes:
    digest = sha256()
    names = [MODEL_FILE, POLICY_FILE]
    if (folder / APPROVALS_FILE).exists():
        names.append(APPROVALS_FILE)
    for name in names:
        try:
            digest.update((folder / name).read_bytes())
        except OSError as error:
            message = f"The policy file {folder / name} cannot be read: {error.strerror}."
            raise OperatorError(message) from error
    return digest.digest()


def _decided(rule: Rule, grant: Grant | None) -> bool:
    """Whether the row, if it speaks of the roles, is one of those that made the grant."""
    if grant is None:
        return rule.effect is Effect.DENY
    if rule.effect is Effect.DENY:
        return False
    if rule.action is not Action.READ_MASKED:
        return rule.scope is grant.clear
    return rule.scope is grant.masked and grant.masked is not grant.clear
