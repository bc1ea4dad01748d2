"""The closed sets of words about tenants, their members and the roles that these hold."""

from citywide.rules.words import Words, auto


class TenantKind(Words):
    """What a tenant is."""

    BUREAU = auto(), "Bureau", "主管局"
    AGENCY = auto(), "Agency", "承接机构"


class MemberStatus(Words):
    """Whether a member may sign in."""

    ACTIVE = auto(), "Active", "正常"
    INVITED = auto(), "Invited", "已邀请"
    SUSPENDED = auto(), "Suspended", "已停用"


class OwnRoleStatus(Words):
    """Whether a role of an agency's own is in use."""

    IN_USE = auto(), "In use", "使用中"
    RETIRED = auto(), "Retired", "已停用"


class RuleAction(Words):
    """What a rule of a role lets its holder do; INHERIT: all that a policy role may."""

    INHERIT = auto(), "Inherit", "继承"
    READ = auto(), "Read", "查看"
    READ_MASKED = auto(), "Read masked", "脱敏查看"
    EXECUTE = auto(), "Execute", "执行"


class RuleScope(Words):
    """In which rows a rule holds: those of the own clients, or all of the agency."""

    CASELOAD = auto(), "Caseload", "本人服务对象"
    TENANT = auto(), "Tenant", "本机构"
