SELECT CAST(JSON_OBJECT(
    'metrics' : JSON_OBJECT(
      'rows' :
      (SELECT coalesce(json_agg(JSON_OBJECT(
              'keys' : json_build_array(JSON_OBJECT(
                  'label' : tenant_1.name RETURNING json)),
              'values' : json_build_array(JSON_OBJECT(
                  'measure' : 'BENEFICIARIES_ON_FILE',
                  'unit' : 'PERSONS',
                  'value' : anon_2.v0 RETURNING json), JSON_OBJECT(
                  'measure' : 'SOCIAL_WORKER_TURNOUTS',
                  'unit' : 'PERSON_TIMES',
                  'value' : anon_2.v1 RETURNING json), JSON_OBJECT(
                  'measure' : 'VOLUNTEER_TURNOUTS',
                  'unit' : 'PERSON_TIMES',
                  'value' : anon_2.v2 RETURNING json), JSON_OBJECT(
                  'measure' : 'CASE_COUNSELLING',
                  'unit' : 'PERSON_TIMES',
                  'value' : anon_2.v3 RETURNING json), JSON_OBJECT(
                  'measure' : 'GROUP_ACTIVITIES',
                  'unit' : 'OCCURRENCES',
                  'value' : anon_2.v4 RETURNING json), JSON_OBJECT(
                  'measure' : 'HOME_HELP',
                  'unit' : 'PERSON_TIMES',
                  'value' : anon_2.v5 RETURNING json)) RETURNING json)
            ORDER BY tenant_1.name, CASE WHEN (tenant_1.id IS NOT NULL) THEN
                translate(encode(('agen'::bytea || uuid_send(tenant_1.tenant_id)) ||
                uuid_send(tenant_1.id), 'base64'), '+/', '-_') ELSE NULL END), '[]'::json) AS
                coalesce_1
        FROM
        (SELECT anon_3.k0 AS k0, coalesce(max(anon_3.v) FILTER (
              WHERE anon_3.m = $1::INTEGER), $2::INTEGER) AS v0, coalesce(max(anon_3.v) FILTER (
              WHERE anon_3.m = $3::INTEGER), $4::INTEGER) AS v1, coalesce(max(anon_3.v) FILTER (
              WHERE anon_3.m = $5::INTEGER), $6::INTEGER) AS v2, coalesce(max(anon_3.v) FILTER (
              WHERE anon_3.m = $7::INTEGER), $8::INTEGER) AS v3, coalesce(max(anon_3.v) FILTER (
              WHERE anon_3.m = $9::INTEGER), $10::INTEGER) AS v4, coalesce(max(anon_3.v) FILTER (
              WHERE anon_3.m = $11::INTEGER), $12::INTEGER) AS v5, coalesce(max(anon_3.n) FILTER (
              WHERE anon_3.m = $13::INTEGER), $14::INTEGER) AS n0, coalesce(max(anon_3.n) FILTER (
              WHERE anon_3.m = $15::INTEGER), $16::INTEGER) AS n1, coalesce(max(anon_3.n) FILTER (
              WHERE anon_3.m = $17::INTEGER), $18::INTEGER) AS n2, coalesce(max(anon_3.n) FILTER (
              WHERE anon_3.m = $19::INTEGER), $20::INTEGER) AS n3, coalesce(max(anon_3.n) FILTER (
              WHERE anon_3.m = $21::INTEGER), $22::INTEGER) AS n4, coalesce(max(anon_3.n) FILTER (
              WHERE anon_3.m = $23::INTEGER), $24::INTEGER) AS n5
          FROM
          (SELECT $25::INTEGER AS m, beneficiary_1.tenant_id AS k0, count(*) AS v, $26::INTEGER AS n
            FROM beneficiary AS beneficiary_1
            JOIN site AS site_1 ON beneficiary_1.tenant_id = site_1.tenant_id
            AND beneficiary_1.site_id = site_1.id
            WHERE beneficiary_1.merged_into_id IS NULL
            AND beneficiary_1.opened_on <= $27::DATE
            AND (beneficiary_1.closed_on IS NULL
              OR beneficiary_1.closed_on > $27::DATE)
            AND beneficiary_1.bureau_id = $28::UUID
            AND site_1.bureau_id = $28::UUID
            GROUP BY beneficiary_1.tenant_id
            UNION ALL
            SELECT $29::INTEGER AS m, service_record_1.tenant_id AS k0, count(*) AS v, $30::INTEGER
                AS n
            FROM service_record AS service_record_1
            JOIN attendance AS attendance_1 ON attendance_1.tenant_id = service_record_1.tenant_id
            AND attendance_1.service_record_id = service_record_1.id
            WHERE attendance_1.role = $31::VARCHAR
            AND service_record_1.status = 'CURRENT'
            AND service_record_1.bureau_id = $28::UUID
            AND attendance_1.bureau_id = $28::UUID
            GROUP BY service_record_1.tenant_id
            UNION ALL
            SELECT $32::INTEGER AS m, service_record_2.tenant_id AS k0, count(*) AS v, $33::INTEGER
                AS n
            FROM service_record AS service_record_2
            JOIN attendance AS attendance_2 ON attendance_2.tenant_id = service_record_2.tenant_id
            AND attendance_2.service_record_id = service_record_2.id
            WHERE attendance_2.role = $34::VARCHAR
            AND service_record_2.status = 'CURRENT'
            AND service_record_2.bureau_id = $28::UUID
            AND attendance_2.bureau_id = $28::UUID
            GROUP BY service_record_2.tenant_id
            UNION ALL
            SELECT $35::INTEGER AS m, service_record_3.tenant_id AS k0, count(*) AS v, $36::INTEGER
                AS n
            FROM service_record AS service_record_3
            JOIN attendance AS attendance_3 ON attendance_3.tenant_id = service_record_3.tenant_id
            AND attendance_3.service_record_id = service_record_3.id
            AND attendance_3.role = $37::VARCHAR
            WHERE service_record_3.kind = $38::VARCHAR
            AND service_record_3.status = 'CURRENT'
            AND service_record_3.bureau_id = $28::UUID
            AND attendance_3.bureau_id = $28::UUID
            GROUP BY service_record_3.tenant_id
            UNION ALL
            SELECT $39::INTEGER AS m, service_record_4.tenant_id AS k0, count(*) AS v, $40::INTEGER
                AS n
            FROM service_record AS service_record_4
            WHERE service_record_4.kind = $41::VARCHAR
            AND service_record_4.status = 'CURRENT'
            AND service_record_4.bureau_id = $28::UUID
            GROUP BY service_record_4.tenant_id
            UNION ALL
            SELECT $42::INTEGER AS m, service_record_5.tenant_id AS k0, count(*) AS v, $43::INTEGER
                AS n
            FROM service_record AS service_record_5
            JOIN attendance AS attendance_4 ON attendance_4.tenant_id = service_record_5.tenant_id
            AND attendance_4.service_record_id = service_record_5.id
            AND attendance_4.role = $44::VARCHAR
            WHERE service_record_5.kind = $45::VARCHAR
            AND service_record_5.status = 'CURRENT'
            AND service_record_5.bureau_id = $28::UUID
            AND attendance_4.bureau_id = $28::UUID
            GROUP BY service_record_5.tenant_id) AS anon_3
          GROUP BY anon_3.k0) AS anon_2
        LEFT OUTER JOIN tenant AS tenant_1 ON tenant_1.id = anon_2.k0
        AND tenant_1.bureau_id = $28::UUID) RETURNING json) RETURNING json) AS TEXT) AS anon_1
