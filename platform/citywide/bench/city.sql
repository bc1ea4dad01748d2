-- A made-up city for measuring: every value follows from its row's number, so that two machines
-- measure the same rows. Rows are inserted in the order of their days, all agencies mixed, as
-- they would have come in. The table `extent` says how many of everything there are.

-- functions
CREATE FUNCTION pg_temp.chance(seed text, many bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT (hashtextextended(seed, 0) & 9223372036854775807) % many $$;
CREATE FUNCTION pg_temp.made_id(seed text) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT md5(seed)::uuid $$;
-- A UUID version 7 of the day's first millisecond.
CREATE FUNCTION pg_temp.dated_id(day date, seed text) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT (lpad(to_hex((day - date '1970-01-01')::bigint * 86400000), 12, '0')
   || '7' || substr(md5(seed), 1, 3) || '8' || substr(md5(seed), 4, 15))::uuid $$;
CREATE FUNCTION pg_temp.person(seed text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT substr('王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗', 1 + pg_temp.chance(seed || 's', 20)::int, 1)
   || substr('伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国志文', 1 + pg_temp.chance(seed || 'g', 30)::int, 1)
   || substr('国英华明建平玉兰文秀珍海春生荣福林贵德忠', 1 + pg_temp.chance(seed || 'h', 20)::int, 1) $$;

-- areas
INSERT INTO area (id, code, parent_id, level, name)
VALUES (pg_temp.made_id('city'), '990100', NULL, 'CITY', '测量市');
INSERT INTO area (id, code, parent_id, level, name)
SELECT pg_temp.made_id('town/' || t), '990100' || lpad(t::text, 3, '0'), pg_temp.made_id('city'),
       'TOWN', '第' || t || '镇'
FROM generate_series(1, 10) t;
INSERT INTO area (id, code, parent_id, level, name)
SELECT pg_temp.made_id('community/' || c),
       '990100' || lpad((1 + c % 10)::text, 3, '0') || lpad(c::text, 3, '0'),
       pg_temp.made_id('town/' || (1 + c % 10)), 'COMMUNITY', '第' || c || '社区'
FROM generate_series(0, 99) c;

-- categories
INSERT INTO entitlement_category (id, code, label_zh, label_en)
SELECT pg_temp.made_id('category/' || c), lpad(c::text, 2, '0'), '第' || c || '类', 'Category ' || c
FROM generate_series(1, 12) c;

-- bureau
INSERT INTO bureau (id, slug, name, office, city_id, replay_date)
VALUES (pg_temp.made_id('bureau'), 'measured', '测量市主管局', '优抚科', pg_temp.made_id('city'),
        date '2025-12-31');
INSERT INTO access_version (id, version) VALUES (pg_temp.made_id('bureau'), 1);

-- tenants
CREATE TEMP TABLE made_tenant AS
SELECT pg_temp.made_id('bureau') AS bureau_id, pg_temp.made_id('agency/' || a) AS tenant_id, a
FROM extent, generate_series(1, extent.agencies) a;
INSERT INTO tenant (tenant_id, bureau_id, id, kind, slug, name)
SELECT bureau_id, bureau_id, bureau_id, 'BUREAU', 'measured', '测量市主管局' FROM made_tenant WHERE a = 1
UNION ALL
SELECT tenant_id, bureau_id, tenant_id, 'AGENCY', 'agency' || a, '第' || a || '社会工作服务中心'
FROM made_tenant;

-- agreements
INSERT INTO agreement (tenant_id, bureau_id, id, number, scope, valid_from, valid_until, amount_fen)
SELECT tenant_id, bureau_id, pg_temp.made_id('agreement/' || a), 'A-' || a, '优抚对象社会工作服务',
       date '2025-01-01', date '2026-01-01', 30000000 + a * 100000
FROM made_tenant;
INSERT INTO site (tenant_id, bureau_id, id, agreement_id, area_id)
SELECT tenant_id, bureau_id, pg_temp.made_id('site/' || a || '/' || s),
       pg_temp.made_id('agreement/' || a), pg_temp.made_id('community/' || (a * 4 + s) % 100)
FROM made_tenant, generate_series(0, 3) s;
INSERT INTO project (tenant_id, bureau_id, id, agreement_id, name, goal, valid_from, valid_until)
SELECT tenant_id, bureau_id, pg_temp.made_id('project/' || a || '/' || p),
       pg_temp.made_id('agreement/' || a), '第' || p || '项目', '让服务对象得到持续的陪伴和支持',
       date '2025-01-01', date '2026-01-01'
FROM made_tenant, generate_series(0, 1) p;

-- members
-- Number 0 of an agency is the director; the social workers follow.
CREATE TEMP TABLE staff AS
SELECT made_tenant.*, m, pg_temp.made_id('member/' || a || '/' || m) AS id,
       CASE m WHEN 0 THEN 'agency' || a || '.director' ELSE 'agency' || a || '.worker' || m END
         AS subject,
       CASE m WHEN 0 THEN 'director' ELSE 'social_worker' END AS role
FROM extent, made_tenant, generate_series(0, extent.workers) m
UNION ALL
SELECT bureau_id, bureau_id, 0, o, pg_temp.made_id('officer/' || o), 'officer' || o, 'officer'
FROM made_tenant, generate_series(1, 10) o WHERE a = 1;
INSERT INTO member (tenant_id, bureau_id, id, subject, name, status)
SELECT tenant_id, bureau_id, id, subject, pg_temp.person(subject), 'ACTIVE' FROM staff;
INSERT INTO member_role (tenant_id, bureau_id, id, member_id, role, valid_from)
SELECT tenant_id, bureau_id, pg_temp.made_id('role/' || subject), id, role, date '2025-01-01'
FROM staff;
INSERT INTO volunteer (tenant_id, bureau_id, id, number, name, phone, skills, registered_on)
SELECT tenant_id, bureau_id, pg_temp.made_id('volunteer/' || a || '/' || v), 'V-' || v,
       pg_temp.person('volunteer/' || a || '/' || v), '139' || lpad((a * 100 + v)::text, 8, '0'),
       '陪同就医', date '2025-01-01' + v
FROM made_tenant, generate_series(0, 39) v;
INSERT INTO typology (tenant_id, bureau_id, id, name, version, valid_from)
SELECT tenant_id, bureau_id, pg_temp.made_id('typology/' || a), '服务类型', 1, date '2025-01-01'
FROM made_tenant;
INSERT INTO segment (tenant_id, bureau_id, id, typology_id, code, name, strategy, sensitive)
SELECT tenant_id, bureau_id, pg_temp.made_id('segment/' || a || '/' || s),
       pg_temp.made_id('typology/' || a), 'S' || s, '第' || s || '型', '每月走访一次', s = 5
FROM made_tenant, generate_series(1, 5) s;

-- files
CREATE TEMP TABLE file AS
SELECT made_tenant.*, b, seed, opened_on, pg_temp.dated_id(opened_on, seed) AS id
FROM extent, made_tenant, generate_series(0, extent.beneficiaries - 1) b,
     LATERAL (SELECT 'file/' || a || '/' || b AS seed) s,
     LATERAL (SELECT date '2025-01-01' + pg_temp.chance(seed, 90)::int AS opened_on) d;
CREATE INDEX ON file (a, b);
ANALYZE file;
INSERT INTO beneficiary (tenant_id, bureau_id, id, file_number, name, gender, born_on,
    id_number_sealed, id_number_digest, phone, address, site_id, worker_id, segment_id,
    segment_reason, segmented_on, opened_on, closed_on)
SELECT tenant_id, bureau_id, id, 'F-' || lpad(b::text, 5, '0'), pg_temp.person(seed),
       CASE WHEN pg_temp.chance(seed || 'g', 4) = 0 THEN 'FEMALE' ELSE 'MALE' END,
       date '1930-01-01' + pg_temp.chance(seed || 'b', 14600)::int,
       '\x02' || sha256(convert_to(seed, 'UTF8')), sha256(convert_to(seed || 'd', 'UTF8')),
       '138' || lpad(b::text, 8, '0'), '第' || b || '号',
       pg_temp.made_id('site/' || a || '/' || pg_temp.chance(seed || 'p', 4)),
       pg_temp.made_id('member/' || a || '/' || 1 + b % extent.workers),
       CASE WHEN sorted THEN pg_temp.made_id('segment/' || a || '/' || 1 + b % 5) END,
       CASE WHEN sorted THEN '独居，行动不便，每周需要有人上门' END,
       CASE WHEN sorted THEN opened_on + 14 END,
       opened_on,
       CASE WHEN pg_temp.chance(seed || 'c', 50) = 0 THEN opened_on + 200 END
FROM extent, file, LATERAL (SELECT pg_temp.chance(seed || 't', 10) < 9 AS sorted) t
ORDER BY opened_on, a, b;

-- entitlements
-- One to three each: of five persons two hold a second status and one a third.
INSERT INTO entitlement (tenant_id, bureau_id, id, beneficiary_id, category_id, valid_from)
SELECT tenant_id, bureau_id, pg_temp.dated_id(opened_on, seed || '/entitlement/' || e), id,
       pg_temp.made_id('category/' || 1 + (pg_temp.chance(seed || 'e', 12) + e) % 12),
       date '1990-01-01' + pg_temp.chance(seed || 'v' || e, 10000)::int
FROM file, generate_series(0, 2) e
WHERE e = 0 OR pg_temp.chance(seed || 'n', 5) < 3 - e
ORDER BY opened_on, a, b;

-- consents
INSERT INTO consent (tenant_id, bureau_id, id, beneficiary_id, purpose, given_on)
SELECT tenant_id, bureau_id, pg_temp.dated_id(opened_on, seed || '/consent/' || purpose), id,
       purpose, opened_on
FROM file, unnest(ARRAY['SERVICE', 'PHOTOGRAPH']) purpose
WHERE purpose = 'SERVICE' OR pg_temp.chance(seed || 'f', 2) = 0
ORDER BY opened_on, a, b;

-- assessments
INSERT INTO assessment (tenant_id, bureau_id, id, beneficiary_id, assessor_id, instrument,
    instrument_version, assessed_on, score, band, summary)
SELECT tenant_id, bureau_id, pg_temp.dated_id(day, seed || '/assessment/' || n), id,
       pg_temp.made_id('member/' || a || '/' || 1 + b % extent.workers), '需求评估表', 1, day, score,
       CASE WHEN score >= 70 THEN 'HIGH' WHEN score >= 40 THEN 'MEDIUM' ELSE 'LOW' END,
       '起居基本自理，子女不在身边，希望有人陪同就医和聊天'
FROM extent, file, generate_series(0, 1) n,
     LATERAL (SELECT opened_on + 7 + n * 180 AS day, pg_temp.chance(seed || 'a' || n, 101) AS score) s
WHERE n = 0 OR pg_temp.chance(seed || 'n', 2) = 0
ORDER BY day, a, b;

-- enrolments
INSERT INTO enrolment (tenant_id, bureau_id, id, project_id, beneficiary_id, valid_from)
SELECT tenant_id, bureau_id, pg_temp.dated_id(opened_on, seed || '/enrolment'),
       pg_temp.made_id('project/' || a || '/' || b % 2), id, opened_on
FROM file
ORDER BY opened_on, a, b;

-- services
CREATE TEMP TABLE service AS
SELECT file.tenant_id, file.bureau_id, a, b, r, s.seed, file.id AS beneficiary_id, served_on,
       pg_temp.dated_id(served_on, s.seed) AS id,
       CASE WHEN draw < 40 THEN 'VISIT' WHEN draw < 70 THEN 'HOME_HELP'
            WHEN draw < 88 THEN 'CASE_SESSION' ELSE 'GROUP_SESSION' END AS kind
FROM extent, file, generate_series(0, extent.records - 1) r,
     LATERAL (SELECT 'service/' || a || '/' || b || '/' || r AS seed) s,
     LATERAL (SELECT pg_temp.chance(s.seed || 'k', 100) AS draw,
              opened_on + pg_temp.chance(s.seed || 'd', date '2025-12-31' - opened_on)::int
              AS served_on) d;
ANALYZE service;
INSERT INTO service_record (tenant_id, bureau_id, id, number, project_id, kind, medium, served_on,
    duration_minutes, area_id, title, note)
SELECT tenant_id, bureau_id, id, 'R-' || b || '-' || r,
       pg_temp.made_id('project/' || a || '/' || b % 2), kind,
       CASE WHEN pg_temp.chance(seed || 'm', 5) = 0 THEN 'PHONE' ELSE 'IN_PERSON' END, served_on,
       30 + 15 * pg_temp.chance(seed || 'l', 7),
       pg_temp.made_id('community/' || (a * 4 + pg_temp.chance(seed || 'p', 4)) % 100),
       '例行服务', '情绪稳定，身体状况与上次相同，约定下次时间'
FROM service
ORDER BY served_on, a, b, r;

-- attendances
-- The person and the assigned worker; at every fifth service a volunteer; at a group session
-- four more persons of the same agency.
INSERT INTO attendance (tenant_id, bureau_id, id, service_record_id, role, beneficiary_id,
    member_id, volunteer_id)
SELECT tenant_id, bureau_id, pg_temp.dated_id(served_on, seed || '/' || place), id, role,
       attendee.beneficiary_id, member_id, volunteer_id
FROM (
    SELECT service.*, place, role,
           CASE WHEN place = 0 THEN service.beneficiary_id WHEN place > 2 THEN other.id END,
           CASE WHEN place = 1
                THEN pg_temp.made_id('member/' || service.a || '/' || 1 + service.b % extent.workers)
           END,
           CASE WHEN place = 2
                THEN pg_temp.made_id('volunteer/' || service.a || '/' || pg_temp.chance(service.seed, 40))
           END
    FROM extent CROSS JOIN service
    CROSS JOIN (VALUES (0, 'BENEFICIARY'), (1, 'WORKER'), (2, 'VOLUNTEER'), (3, 'BENEFICIARY'),
                       (4, 'BENEFICIARY'), (5, 'BENEFICIARY'), (6, 'BENEFICIARY'))
               AS present (place, role)
    LEFT JOIN file AS other
        ON place > 2 AND other.a = service.a
        AND other.b = (service.b + place - 2) % extent.beneficiaries
    WHERE place < 2 OR (place = 2 AND pg_temp.chance(service.seed || 'v', 5) = 0)
       OR (place > 2 AND kind = 'GROUP_SESSION')
) AS attendee (tenant_id, bureau_id, a, b, r, seed, first_id, served_on, id, kind, place, role,
               beneficiary_id, member_id, volunteer_id)
ORDER BY served_on, a, b, r, place;
