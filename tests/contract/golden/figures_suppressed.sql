SELECT CAST(JSON_OBJECT(
    'metrics' : JSON_OBJECT(
      'rows' :
      (SELECT coalesce(json_agg(JSON_OBJECT(
              'keys' : json_build_array(JSON_OBJECT(
                  'label' : area_1.name RETURNING json), JSON_OBJECT(
                  'label' : to_char(anon_2.k1, 'YYYY-MM') RETURNING json)),
              'values' : json_build_array(JSON_OBJECT(
                  'measure' : 'CASE_COUNSELLING',
                  'value' : anon_2.a0 RETURNING json), JSON_OBJECT(
                  'measure' : 'HOME_HELP',
                  'value' : anon_2.a1 RETURNING json)) RETURNING json)
            ORDER BY area_1.name, CASE WHEN (area_1.id IS NOT NULL) THEN
                translate(encode(('area'::bytea || '\x00000000000000000000000000000000'::bytea) ||
                uuid_send(area_1.id), 'base64'), '+/', '-_') ELSE NULL END, to_char(anon_2.k1,
                'YYYY-MM'), to_char(anon_2.k1, 'YYYY-MM')), '[]'::json) AS coalesce_1
        FROM
        (SELECT anon_3.k0 AS k0, anon_3.k1 AS k1, max(anon_3.a0) AS a0, max(anon_3.a1) AS a1
          FROM
          (SELECT anon_4.area AS k0, anon_4.month AS k1, CAST(CASE WHEN (bool_or(NOT anon_4.small)
                OR count(*) FILTER (
                  WHERE anon_4.small
                  AND anon_4.published > 0) > 1) THEN sum(anon_4.published) ELSE NULL END AS BIGINT)
                      AS a0, CAST(NULL AS BIGINT) AS a1
            FROM
            (SELECT anon_5.agency AS agency, anon_5.area AS area, anon_5.kind AS kind,
                anon_5.project AS project, anon_5.month AS month, anon_5.small AS small, CASE WHEN
                anon_5.small THEN (6 * ((anon_5.run + CASE WHEN anon_5.has_large THEN 2 ELSE ((6 -
                1) - anon_5.pool % 6) / 2 END) / 6 + anon_5.place / 6) - 6 * (((anon_5.run -
                anon_5.beyond) + CASE WHEN anon_5.has_large THEN 2 ELSE ((6 - 1) - anon_5.pool % 6)
                / 2 END) / 6 + (anon_5.place - 1) / 6)) + CASE WHEN (NOT anon_5.has_large
                AND anon_5.place = anon_5.smalls
                AND anon_5.smalls > 1
                AND anon_5.pool >= 6) THEN (anon_5.pool + anon_5.smalls) - 6 * ((anon_5.pool + CASE
                    WHEN anon_5.has_large THEN 2 ELSE ((6 - 1) - anon_5.pool % 6) / 2 END) / 6 +
                    anon_5.smalls / 6) ELSE 0 END ELSE anon_5.counted + CASE WHEN (anon_5.has_large
                AND anon_5.largest = 1) THEN (anon_5.pool + anon_5.smalls) - 6 * ((anon_5.pool +
                    CASE WHEN anon_5.has_large THEN 2 ELSE ((6 - 1) - anon_5.pool % 6) / 2 END) / 6
                    + anon_5.smalls / 6) ELSE 0 END END AS published
              FROM
              (SELECT anon_6.agency AS agency, anon_6.area AS area, anon_6.kind AS kind,
                  anon_6.project AS project, anon_6.month AS month, anon_6.counted AS counted,
                  anon_6.persons BETWEEN 1
                AND 4 AS small, CASE WHEN (anon_6.persons BETWEEN 1
                  AND 4) THEN anon_6.counted - 1 ELSE 0 END AS beyond, CAST(sum(CASE WHEN
                      (anon_6.persons BETWEEN 1
                      AND 4) THEN anon_6.counted - 1 ELSE 0 END) OVER (PARTITION BY anon_6.agency,
                          anon_6.kind
                    ORDER BY anon_6.month, anon_6.agency, anon_6.area, anon_6.kind, anon_6.project)
                        AS BIGINT) AS run, CAST(sum(CASE WHEN (anon_6.persons BETWEEN 1
                      AND 4) THEN anon_6.counted - 1 ELSE 0 END) OVER (PARTITION BY anon_6.agency,
                          anon_6.kind) AS BIGINT) AS pool, count(*) FILTER (
                  WHERE anon_6.persons BETWEEN 1
                  AND 4) OVER (PARTITION BY anon_6.agency, anon_6.kind
                  ORDER BY anon_6.month, anon_6.agency, anon_6.area, anon_6.kind, anon_6.project) AS
                      place, count(*) FILTER (
                  WHERE anon_6.persons BETWEEN 1
                  AND 4) OVER (PARTITION BY anon_6.agency, anon_6.kind) AS smalls,
                      bool_or(anon_6.persons NOT BETWEEN 1
                  AND 4
                  AND anon_6.counted >= 2) OVER (PARTITION BY anon_6.agency, anon_6.kind) AS
                      has_large, row_number() OVER (PARTITION BY anon_6.agency, anon_6.kind,
                      anon_6.persons BETWEEN 1
                  AND 4
                  ORDER BY anon_6.counted DESC, anon_6.month, anon_6.agency, anon_6.area,
                      anon_6.kind, anon_6.project) AS largest
                FROM
                (SELECT service_record_1.tenant_id AS agency, service_record_1.area_id AS area,
                    service_record_1.kind AS kind, service_record_1.project_id AS project,
                    CAST(date_trunc('month', CAST(service_record_1.served_on AS TIMESTAMP WITHOUT
                    TIME ZONE)) AS DATE) AS month, CAST(count(*) AS BIGINT) AS counted,
                    count(DISTINCT attendance_1.beneficiary_id) AS persons
                  FROM service_record AS service_record_1
                  JOIN attendance AS attendance_1 ON attendance_1.tenant_id =
                      service_record_1.tenant_id
                  AND attendance_1.service_record_id = service_record_1.id
                  WHERE service_record_1.status = 'CURRENT'
                  AND service_record_1.bureau_id = $1::UUID
                  AND attendance_1.bureau_id = $1::UUID
                  AND attendance_1.role = 'BENEFICIARY'
                  AND service_record_1.kind = 'CASE_SESSION'
                  GROUP BY service_record_1.tenant_id, service_record_1.area_id,
                      service_record_1.kind, service_record_1.project_id, CAST(date_trunc('month',
                      CAST(service_record_1.served_on AS TIMESTAMP WITHOUT TIME ZONE)) AS DATE)) AS
                      anon_6
                JOIN
                (SELECT service_record_1.tenant_id AS agency, service_record_1.kind AS kind,
                    count(DISTINCT attendance_1.beneficiary_id) AS persons
                  FROM service_record AS service_record_1
                  JOIN attendance AS attendance_1 ON attendance_1.tenant_id =
                      service_record_1.tenant_id
                  AND attendance_1.service_record_id = service_record_1.id
                  WHERE service_record_1.status = 'CURRENT'
                  AND service_record_1.bureau_id = $1::UUID
                  AND attendance_1.bureau_id = $1::UUID
                  AND attendance_1.role = 'BENEFICIARY'
                  AND service_record_1.kind = 'CASE_SESSION'
                  GROUP BY service_record_1.tenant_id, service_record_1.kind) AS anon_7 ON
                      anon_7.agency = anon_6.agency
                AND anon_7.kind = anon_6.kind
                WHERE anon_7.persons = 0
                OR anon_7.persons >= 5) AS anon_5) AS anon_4
            WHERE anon_4.month < $2::DATE
            AND anon_4.month >= $3::DATE
            GROUP BY anon_4.area, anon_4.month
            UNION ALL
            SELECT anon_8.area AS k0, anon_8.month AS k1, CAST(NULL AS BIGINT) AS a0, CAST(CASE WHEN
                (bool_or(NOT anon_8.small)
                OR count(*) FILTER (
                  WHERE anon_8.small
                  AND anon_8.published > 0) > 1) THEN sum(anon_8.published) ELSE NULL END AS BIGINT)
                      AS a1
            FROM
            (SELECT anon_9.agency AS agency, anon_9.area AS area, anon_9.kind AS kind,
                anon_9.project AS project, anon_9.month AS month, anon_9.small AS small, CASE WHEN
                anon_9.small THEN (6 * ((anon_9.run + CASE WHEN anon_9.has_large THEN 2 ELSE ((6 -
                1) - anon_9.pool % 6) / 2 END) / 6 + anon_9.place / 6) - 6 * (((anon_9.run -
                anon_9.beyond) + CASE WHEN anon_9.has_large THEN 2 ELSE ((6 - 1) - anon_9.pool % 6)
                / 2 END) / 6 + (anon_9.place - 1) / 6)) + CASE WHEN (NOT anon_9.has_large
                AND anon_9.place = anon_9.smalls
                AND anon_9.smalls > 1
                AND anon_9.pool >= 6) THEN (anon_9.pool + anon_9.smalls) - 6 * ((anon_9.pool + CASE
                    WHEN anon_9.has_large THEN 2 ELSE ((6 - 1) - anon_9.pool % 6) / 2 END) / 6 +
                    anon_9.smalls / 6) ELSE 0 END ELSE anon_9.counted + CASE WHEN (anon_9.has_large
                AND anon_9.largest = 1) THEN (anon_9.pool + anon_9.smalls) - 6 * ((anon_9.pool +
                    CASE WHEN anon_9.has_large THEN 2 ELSE ((6 - 1) - anon_9.pool % 6) / 2 END) / 6
                    + anon_9.smalls / 6) ELSE 0 END END AS published
              FROM
              (SELECT anon_10.agency AS agency, anon_10.area AS area, anon_10.kind AS kind,
                  anon_10.project AS project, anon_10.month AS month, anon_10.counted AS counted,
                  anon_10.persons BETWEEN 1
                AND 4 AS small, CASE WHEN (anon_10.persons BETWEEN 1
                  AND 4) THEN anon_10.counted - 1 ELSE 0 END AS beyond, CAST(sum(CASE WHEN
                      (anon_10.persons BETWEEN 1
                      AND 4) THEN anon_10.counted - 1 ELSE 0 END) OVER (PARTITION BY anon_10.agency,
                          anon_10.kind
                    ORDER BY anon_10.month, anon_10.agency, anon_10.area, anon_10.kind,
                        anon_10.project) AS BIGINT) AS run, CAST(sum(CASE WHEN (anon_10.persons
                        BETWEEN 1
                      AND 4) THEN anon_10.counted - 1 ELSE 0 END) OVER (PARTITION BY anon_10.agency,
                          anon_10.kind) AS BIGINT) AS pool, count(*) FILTER (
                  WHERE anon_10.persons BETWEEN 1
                  AND 4) OVER (PARTITION BY anon_10.agency, anon_10.kind
                  ORDER BY anon_10.month, anon_10.agency, anon_10.area, anon_10.kind,
                      anon_10.project) AS place, count(*) FILTER (
                  WHERE anon_10.persons BETWEEN 1
                  AND 4) OVER (PARTITION BY anon_10.agency, anon_10.kind) AS smalls,
                      bool_or(anon_10.persons NOT BETWEEN 1
                  AND 4
                  AND anon_10.counted >= 2) OVER (PARTITION BY anon_10.agency, anon_10.kind) AS
                      has_large, row_number() OVER (PARTITION BY anon_10.agency, anon_10.kind,
                      anon_10.persons BETWEEN 1
                  AND 4
                  ORDER BY anon_10.counted DESC, anon_10.month, anon_10.agency, anon_10.area,
                      anon_10.kind, anon_10.project) AS largest
                FROM
                (SELECT service_record_2.tenant_id AS agency, service_record_2.area_id AS area,
                    service_record_2.kind AS kind, service_record_2.project_id AS project,
                    CAST(date_trunc('month', CAST(service_record_2.served_on AS TIMESTAMP WITHOUT
                    TIME ZONE)) AS DATE) AS month, CAST(count(*) AS BIGINT) AS counted,
                    count(DISTINCT attendance_2.beneficiary_id) AS persons
                  FROM service_record AS service_record_2
                  JOIN attendance AS attendance_2 ON attendance_2.tenant_id =
                      service_record_2.tenant_id
                  AND attendance_2.service_record_id = service_record_2.id
                  WHERE service_record_2.status = 'CURRENT'
                  AND service_record_2.bureau_id = $1::UUID
                  AND attendance_2.bureau_id = $1::UUID
                  AND attendance_2.role = 'BENEFICIARY'
                  AND service_record_2.kind = 'HOME_HELP'
                  GROUP BY service_record_2.tenant_id, service_record_2.area_id,
                      service_record_2.kind, service_record_2.project_id, CAST(date_trunc('month',
                      CAST(service_record_2.served_on AS TIMESTAMP WITHOUT TIME ZONE)) AS DATE)) AS
                      anon_10
                JOIN
                (SELECT service_record_2.tenant_id AS agency, service_record_2.kind AS kind,
                    count(DISTINCT attendance_2.beneficiary_id) AS persons
                  FROM service_record AS service_record_2
                  JOIN attendance AS attendance_2 ON attendance_2.tenant_id =
                      service_record_2.tenant_id
                  AND attendance_2.service_record_id = service_record_2.id
                  WHERE service_record_2.status = 'CURRENT'
                  AND service_record_2.bureau_id = $1::UUID
                  AND attendance_2.bureau_id = $1::UUID
                  AND attendance_2.role = 'BENEFICIARY'
                  AND service_record_2.kind = 'HOME_HELP'
                  GROUP BY service_record_2.tenant_id, service_record_2.kind) AS anon_11 ON
                      anon_11.agency = anon_10.agency
                AND anon_11.kind = anon_10.kind
                WHERE anon_11.persons = 0
                OR anon_11.persons >= 5) AS anon_9) AS anon_8
            WHERE anon_8.month < $4::DATE
            AND anon_8.month >= $5::DATE
            GROUP BY anon_8.area, anon_8.month) AS anon_3
          GROUP BY anon_3.k0, anon_3.k1 HAVING num_nonnulls(max(anon_3.a0), max(anon_3.a1)) >
              $6::INTEGER) AS anon_2
        LEFT OUTER JOIN area AS area_1 ON area_1.id = anon_2.k0) RETURNING json) RETURNING json) AS
            TEXT) AS anon_1
