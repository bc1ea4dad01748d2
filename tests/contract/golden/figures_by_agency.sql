SELECT CAST(JSON_OBJECT(
    'metrics' : JSON_OBJECT(
      'rows' :
      (SELECT coalesce(json_agg(JSON_OBJECT(
              'keys' : json_build_array(JSON_OBJECT(
                  'label' : tenant_1.name RETURNING json)),
              'values' : json_build_array(JSON_OBJECT(
                  'measure' : 'BENEFICIARIES_ON_FILE',
                  'unit' : 'PERSONS',
                  'value' : coalesce(anon_2.a0, 0) RETURNING json), JSON_OBJECT(
                  'measure' : 'SOCIAL_WORKER_TURNOUTS',
                  'unit' : 'PERSON_TIMES',
                  'value' : coalesce(anon_2.a1, 0) RETURNING json), JSON_OBJECT(
                  'measure' : 'VOLUNTEER_TURNOUTS',
                  'unit' : 'PERSON_TIMES',
                  'value' : coalesce(anon_2.a2, 0) RETURNING json), JSON_OBJECT(
                  'measure' : 'CASE_COUNSELLING',
                  'unit' : 'PERSON_TIMES',
                  'value' : coalesce(anon_2.a3, 0) RETURNING json), JSON_OBJECT(
                  'measure' : 'GROUP_ACTIVITIES',
                  'unit' : 'OCCURRENCES',
                  'value' : coalesce(anon_2.a4, 0) RETURNING json), JSON_OBJECT(
                  'measure' : 'HOME_HELP',
                  'unit' : 'PERSON_TIMES',
                  'value' : coalesce(anon_2.a5, 0) RETURNING json)) RETURNING json)
            ORDER BY tenant_1.name, CASE WHEN (tenant_1.id IS NOT NULL) THEN
                translate(encode(('agen'::bytea || uuid_send(tenant_1.tenant_id)) ||
                uuid_send(tenant_1.id), 'base64'), '+/', '-_') ELSE NULL END), '[]'::json) AS
                coalesce_1
        FROM
        (SELECT anon_3.k0 AS k0, max(anon_3.a0) AS a0, max(anon_3.a1) AS a1, max(anon_3.a2) AS a2,
            max(anon_3.a3) AS a3, max(anon_3.a4) AS a4, max(anon_3.a5) AS a5
          FROM
          (SELECT beneficiary_1.tenant_id AS k0, CAST(count(*) AS BIGINT) AS a0, CAST(NULL AS
              BIGINT) AS a1, CAST(NULL AS BIGINT) AS a2, CAST(NULL AS BIGINT) AS a3, CAST(NULL AS
              BIGINT) AS a4, CAST(NULL AS BIGINT) AS a5
            FROM beneficiary AS beneficiary_1
            JOIN site AS site_1 ON beneficiary_1.tenant_id = site_1.tenant_id
            AND beneficiary_1.site_id = site_1.id
            WHERE beneficiary_1.merged_into_id IS NULL
            AND beneficiary_1.bureau_id = $1::UUID
            AND site_1.bureau_id = $1::UUID
            AND beneficiary_1.opened_on <= $2::DATE
            AND (beneficiary_1.closed_on IS NULL
              OR beneficiary_1.closed_on > $2::DATE)
            GROUP BY beneficiary_1.tenant_id
            UNION ALL
            SELECT service_record_1.tenant_id AS k0, CAST(NULL AS BIGINT) AS a0, CAST(count(*)
                FILTER (
                WHERE attendance_1.role = 'WORKER') AS BIGINT) AS a1, CAST(count(*) FILTER (
                WHERE attendance_1.role = 'VOLUNTEER') AS BIGINT) AS a2, CAST(count(*) FILTER (
                WHERE attendance_1.role = 'BENEFICIARY'
                AND service_record_1.kind = 'CASE_SESSION') AS BIGINT) AS a3, CAST(NULL AS BIGINT)
                    AS a4, CAST(count(*) FILTER (
                WHERE attendance_1.role = 'BENEFICIARY'
                AND service_record_1.kind = 'HOME_HELP') AS BIGINT) AS a5
            FROM service_record AS service_record_1
            JOIN attendance AS attendance_1 ON attendance_1.tenant_id = service_record_1.tenant_id
            AND attendance_1.service_record_id = service_record_1.id
            WHERE service_record_1.status = 'CURRENT'
            AND service_record_1.bureau_id = $1::UUID
            AND attendance_1.bureau_id = $1::UUID
            AND (attendance_1.role = 'WORKER'
              OR attendance_1.role = 'VOLUNTEER'
              OR attendance_1.role = 'BENEFICIARY'
              AND service_record_1.kind = 'CASE_SESSION'
              OR attendance_1.role = 'BENEFICIARY'
              AND service_record_1.kind = 'HOME_HELP')
            GROUP BY service_record_1.tenant_id
            UNION ALL
            SELECT service_record_2.tenant_id AS k0, CAST(NULL AS BIGINT) AS a0, CAST(NULL AS
                BIGINT) AS a1, CAST(NULL AS BIGINT) AS a2, CAST(NULL AS BIGINT) AS a3, CAST(count(*)
                AS BIGINT) AS a4, CAST(NULL AS BIGINT) AS a5
            FROM service_record AS service_record_2
            WHERE service_record_2.status = 'CURRENT'
            AND service_record_2.bureau_id = $1::UUID
            AND service_record_2.kind = 'GROUP_SESSION'
            GROUP BY service_record_2.tenant_id) AS anon_3
          GROUP BY anon_3.k0) AS anon_2
        LEFT OUTER JOIN tenant AS tenant_1 ON tenant_1.id = anon_2.k0
        AND tenant_1.bureau_id = $1::UUID) RETURNING json) RETURNING json) AS TEXT) AS anon_1
