SELECT CAST(JSON_OBJECT(
    'metrics' : JSON_OBJECT(
      'rows' :
      (SELECT coalesce(json_agg(JSON_OBJECT(
              'keys' : json_build_array(JSON_OBJECT(
                  'label' : area_1.name RETURNING json), JSON_OBJECT(
                  'label' : anon_2.k1 RETURNING json)),
              'values' : json_build_array(JSON_OBJECT(
                  'measure' : 'CASE_COUNSELLING',
                  'value' : CASE WHEN (anon_2.n0 BETWEEN $1::INTEGER
                    AND $2::INTEGER) THEN NULL ELSE anon_2.v0 END RETURNING json), JSON_OBJECT(
                  'measure' : 'HOME_HELP',
                  'value' : CASE WHEN (anon_2.n1 BETWEEN $3::INTEGER
                    AND $4::INTEGER) THEN NULL ELSE anon_2.v1 END RETURNING json)) RETURNING json)
            ORDER BY area_1.name, CASE WHEN (area_1.id IS NOT NULL) THEN
                translate(encode(('area'::bytea || '\x00000000000000000000000000000000'::bytea) ||
                uuid_send(area_1.id), 'base64'), '+/', '-_') ELSE NULL END, anon_2.k1, anon_2.k1),
                '[]'::json) AS coalesce_1
        FROM
        (SELECT anon_3.k0 AS k0, anon_3.k1 AS k1, coalesce(max(anon_3.v) FILTER (
              WHERE anon_3.m = $5::INTEGER), $6::INTEGER) AS v0, coalesce(max(anon_3.v) FILTER (
              WHERE anon_3.m = $7::INTEGER), $8::INTEGER) AS v1, coalesce(max(anon_3.n) FILTER (
              WHERE anon_3.m = $9::INTEGER), $10::INTEGER) AS n0, coalesce(max(anon_3.n) FILTER (
              WHERE anon_3.m = $11::INTEGER), $12::INTEGER) AS n1
          FROM
          (SELECT $13::INTEGER AS m, service_record_1.area_id AS k0,
              to_char(service_record_1.served_on, 'YYYY-MM') AS k1, count(*) AS v, count(DISTINCT
              attendance_1.beneficiary_id) AS n
            FROM service_record AS service_record_1
            JOIN attendance AS attendance_1 ON attendance_1.tenant_id = service_record_1.tenant_id
            AND attendance_1.service_record_id = service_record_1.id
            AND attendance_1.role = $14::VARCHAR
            WHERE service_record_1.kind = $15::VARCHAR
            AND service_record_1.status = 'CURRENT'
            AND service_record_1.served_on >= $16::DATE
            AND service_record_1.served_on < $17::DATE
            AND service_record_1.bureau_id = $18::UUID
            AND attendance_1.bureau_id = $18::UUID
            GROUP BY service_record_1.area_id, to_char(service_record_1.served_on, 'YYYY-MM')
            UNION ALL
            SELECT $19::INTEGER AS m, service_record_2.area_id AS k0,
                to_char(service_record_2.served_on, 'YYYY-MM') AS k1, count(*) AS v, count(DISTINCT
                attendance_2.beneficiary_id) AS n
            FROM service_record AS service_record_2
            JOIN attendance AS attendance_2 ON attendance_2.tenant_id = service_record_2.tenant_id
            AND attendance_2.service_record_id = service_record_2.id
            AND attendance_2.role = $20::VARCHAR
            WHERE service_record_2.kind = $21::VARCHAR
            AND service_record_2.status = 'CURRENT'
            AND service_record_2.served_on >= $22::DATE
            AND service_record_2.served_on < $23::DATE
            AND service_record_2.bureau_id = $18::UUID
            AND attendance_2.bureau_id = $18::UUID
            GROUP BY service_record_2.area_id, to_char(service_record_2.served_on, 'YYYY-MM')) AS
                anon_3
          GROUP BY anon_3.k0, anon_3.k1) AS anon_2
        LEFT OUTER JOIN area AS area_1 ON area_1.id = anon_2.k0) RETURNING json) RETURNING json) AS
            TEXT) AS anon_1
