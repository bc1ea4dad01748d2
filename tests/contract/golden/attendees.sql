SELECT CAST(JSON_OBJECT(
    'serviceRecords' :
    (SELECT JSON_OBJECT(
        'nodes' : coalesce(json_agg(JSON_OBJECT(
              'number' : anon_2.number,
              'attendances' : anon_3.j,
              'area' : anon_4.j RETURNING json)
            ORDER BY anon_2.rn ASC), '[]'::json) RETURNING json) AS j
      FROM
      (SELECT service_record_1.tenant_id AS tenant_id, service_record_1.bureau_id AS bureau_id,
          service_record_1.id AS id, service_record_1.number AS number, service_record_1.project_id
          AS project_id, service_record_1.kind AS kind, service_record_1.medium AS medium,
          service_record_1.served_on AS served_on, service_record_1.served_month AS served_month,
          service_record_1.duration_minutes AS duration_minutes, service_record_1.area_id AS
          area_id, service_record_1.festival AS festival, service_record_1.title AS title,
          service_record_1.note AS note, service_record_1.place AS place, service_record_1.quantity
          AS quantity, service_record_1.quantity_unit AS quantity_unit, service_record_1.series_id
          AS series_id, service_record_1.status AS status, service_record_1.version AS version,
          service_record_1.record_id AS record_id, service_record_1.ended_by_id AS ended_by_id,
          service_record_1.ended_at AS ended_at, service_record_1.end_reason AS end_reason,
          service_record_1.number AS k0, service_record_1.id AS k1, row_number() OVER (
          ORDER BY service_record_1.number ASC, service_record_1.id ASC) AS rn
        FROM service_record AS service_record_1
        WHERE service_record_1.tenant_id = $1::UUID
        AND service_record_1.status != $2::VARCHAR
        ORDER BY service_record_1.number ASC, service_record_1.id ASC
        LIMIT $3::BIGINT) AS anon_2
      LEFT OUTER JOIN LATERAL
      (SELECT JSON_OBJECT(
          'totalCount' :
          (SELECT count(*) AS count_1
            FROM attendance AS attendance_1
            WHERE attendance_1.tenant_id = $1::UUID
            AND attendance_1.superseded IS false
            AND attendance_1.service_record_id = anon_2.id
            AND attendance_1.role = ANY ($4::TEXT[])), E'\x02' : concat('#',
            (SELECT CASE WHEN (count(*) < 5) THEN string_agg(anon_6.about, ';') END AS anon_5
              FROM
              (SELECT CAST(coalesce(attendance_2.beneficiary_id, attendance_2.volunteer_id) AS TEXT)
                  AS about
                FROM attendance AS attendance_2
                WHERE attendance_2.tenant_id = $1::UUID
                AND attendance_2.superseded IS false
                AND attendance_2.service_record_id = anon_2.id
                AND attendance_2.role = ANY ($5::TEXT[])
                LIMIT $6::INTEGER) AS anon_6)) RETURNING json) AS j) AS anon_3 ON true
      LEFT OUTER JOIN LATERAL
      (SELECT JSON_OBJECT(
          'name' : area_1.name,
          'parent' : anon_7.j RETURNING json) AS j
        FROM area AS area_1
        LEFT OUTER JOIN LATERAL
        (SELECT JSON_OBJECT(
            'name' : area_2.name,
            'parent' : anon_8.j RETURNING json) AS j
          FROM area AS area_2
          LEFT OUTER JOIN LATERAL
          (SELECT JSON_OBJECT(
              'name' : area_3.name RETURNING json) AS j
            FROM area AS area_3
            WHERE area_3.id = area_2.parent_id) AS anon_8 ON true
          WHERE area_2.id = area_1.parent_id) AS anon_7 ON true
        WHERE area_1.id = anon_2.area_id) AS anon_4 ON true HAVING true),
    'volunteers' :
    (SELECT JSON_OBJECT(
        'nodes' : coalesce(json_agg(JSON_OBJECT(
              'volunteers' : anon_9.j RETURNING json)
            ORDER BY anon_10.rn ASC), '[]'::json) RETURNING json) AS j
      FROM
      (SELECT tenant_1.tenant_id AS tenant_id, tenant_1.bureau_id AS bureau_id, tenant_1.id AS id,
          tenant_1.kind AS kind, tenant_1.slug AS slug, tenant_1.name AS name, tenant_1.id AS k0,
          row_number() OVER (
          ORDER BY tenant_1.id ASC) AS rn
        FROM tenant AS tenant_1
        WHERE tenant_1.tenant_id = $1::UUID
        AND tenant_1.kind = $7::VARCHAR
        ORDER BY tenant_1.id ASC
        LIMIT $8::BIGINT) AS anon_10
      LEFT OUTER JOIN LATERAL
      (SELECT JSON_OBJECT(
          'nodes' : coalesce(json_agg(JSON_OBJECT(
                'number' : anon_11.number,
                'name' : anon_11.name,
                'skills' : anon_11.skills, E'\x02' : CAST(anon_11.id AS TEXT) RETURNING json)
              ORDER BY anon_11.rn ASC), '[]'::json) RETURNING json) AS j
        FROM
        (SELECT volunteer_1.tenant_id AS tenant_id, volunteer_1.bureau_id AS bureau_id,
            volunteer_1.id AS id, volunteer_1.number AS number, volunteer_1.name AS name,
            volunteer_1.phone AS phone, volunteer_1.skills AS skills, volunteer_1.registered_on AS
            registered_on, volunteer_1.area_id AS area_id, volunteer_1.left_on AS left_on,
            volunteer_1.leaving_reason AS leaving_reason, volunteer_1.version AS version,
            volunteer_1.number AS k0, volunteer_1.id AS k1, row_number() OVER (
            ORDER BY volunteer_1.number ASC, volunteer_1.id ASC) AS rn
          FROM volunteer AS volunteer_1
          WHERE volunteer_1.tenant_id = $1::UUID
          ORDER BY volunteer_1.number ASC, volunteer_1.id ASC
          LIMIT $9::BIGINT) AS anon_11 HAVING true) AS anon_9 ON true HAVING true) RETURNING json)
              AS TEXT) AS anon_1
