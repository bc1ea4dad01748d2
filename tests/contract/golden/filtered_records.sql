SELECT CAST(JSON_OBJECT(
    'serviceRecords' :
    (SELECT JSON_OBJECT(
        'totalCount' :
        (SELECT count(*) AS count_1
          FROM service_record AS service_record_1
          WHERE service_record_1.tenant_id = ANY ($1::UUID[])
          AND service_record_1.status != $2::VARCHAR
          AND (service_record_1.kind = $3::VARCHAR
            OR (service_record_1.festival IS NULL) IS NOT true)
          AND (EXISTS
            (SELECT 1
              FROM project AS project_1
              WHERE project_1.tenant_id = ANY ($1::UUID[])
              AND project_1.id = service_record_1.project_id
              AND project_1.tenant_id = service_record_1.tenant_id
              AND starts_with(project_1.name, $4::VARCHAR)))
          AND service_record_1.served_on >= $5::DATE
          AND service_record_1.served_on < $6::DATE),
        'pageInfo' : JSON_OBJECT(
          'hasPreviousPage' : count(anon_2.rn) > $7::BIGINT RETURNING json),
        'nodes' : coalesce(json_agg(JSON_OBJECT(
              'number' : anon_2.number,
              'kind' : anon_2.kind,
              'servedOn' : anon_2.served_on,
              'festival' : anon_2.festival,
              'title' : CAST(NULL AS TEXT),
              'agency' : anon_3.j,
              'attendances' : anon_4.j RETURNING json)
            ORDER BY anon_2.rn DESC) FILTER (
            WHERE anon_2.rn <= $8::BIGINT), '[]'::json) RETURNING json) AS j
      FROM
      (SELECT service_record_2.tenant_id AS tenant_id, service_record_2.bureau_id AS bureau_id,
          service_record_2.id AS id, service_record_2.number AS number, service_record_2.project_id
          AS project_id, service_record_2.kind AS kind, service_record_2.medium AS medium,
          service_record_2.served_on AS served_on, service_record_2.served_month AS served_month,
          service_record_2.duration_minutes AS duration_minutes, service_record_2.area_id AS
          area_id, service_record_2.festival AS festival, service_record_2.title AS title,
          service_record_2.note AS note, service_record_2.place AS place, service_record_2.quantity
          AS quantity, service_record_2.quantity_unit AS quantity_unit, service_record_2.series_id
          AS series_id, service_record_2.status AS status, service_record_2.version AS version,
          service_record_2.record_id AS record_id, service_record_2.ended_by_id AS ended_by_id,
          service_record_2.ended_at AS ended_at, service_record_2.end_reason AS end_reason,
          service_record_2.served_on AS k0, service_record_2.number AS k1, service_record_2.id AS
          k2, row_number() OVER (
          ORDER BY service_record_2.served_on ASC, service_record_2.number DESC, service_record_2.id
              DESC) AS rn
        FROM service_record AS service_record_2
        WHERE service_record_2.tenant_id = ANY ($1::UUID[])
        AND service_record_2.status != $9::VARCHAR
        AND (service_record_2.kind = $10::VARCHAR
          OR (service_record_2.festival IS NULL) IS NOT true)
        AND (EXISTS
          (SELECT 1
            FROM project AS project_2
            WHERE project_2.tenant_id = ANY ($1::UUID[])
            AND project_2.id = service_record_2.project_id
            AND project_2.tenant_id = service_record_2.tenant_id
            AND starts_with(project_2.name, $11::VARCHAR)))
        AND service_record_2.served_on >= $12::DATE
        AND service_record_2.served_on < $13::DATE
        ORDER BY service_record_2.served_on ASC, service_record_2.number DESC, service_record_2.id
            DESC
        LIMIT $14::BIGINT) AS anon_2
      LEFT OUTER JOIN LATERAL
      (SELECT JSON_OBJECT(
          'name' : tenant_1.name RETURNING json) AS j
        FROM tenant AS tenant_1
        WHERE tenant_1.tenant_id = ANY ($1::UUID[])
        AND tenant_1.kind = $15::VARCHAR
        AND tenant_1.id = anon_2.tenant_id
        AND tenant_1.tenant_id = anon_2.tenant_id) AS anon_3 ON true
      LEFT OUTER JOIN LATERAL
      (SELECT JSON_OBJECT(
          'totalCount' :
          (SELECT count(*) AS count_2
            FROM attendance AS attendance_1
            WHERE attendance_1.tenant_id = ANY ($1::UUID[])
            AND attendance_1.superseded IS false
            AND attendance_1.service_record_id = anon_2.id
            AND attendance_1.tenant_id = anon_2.tenant_id) RETURNING json) AS j) AS anon_4 ON true
                HAVING true) RETURNING json) AS TEXT) AS anon_1
