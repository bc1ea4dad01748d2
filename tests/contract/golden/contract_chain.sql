SELECT CAST(JSON_OBJECT(
    'agreements' :
    (SELECT JSON_OBJECT(
        'nodes' : coalesce(json_agg(JSON_OBJECT(
              'id' : translate(encode(('agre'::bytea || uuid_send(anon_2.tenant_id)) ||
                  uuid_send(anon_2.id), 'base64'), '+/', '-_'),
              'number' : anon_2.number,
              'amount' : CAST(round(CAST(anon_2.amount_fen AS NUMERIC) / CAST(100 AS NUMERIC), 2) AS
                  VARCHAR),
              'agency' : anon_3.j,
              'sites' : anon_4.j,
              'projects' : anon_5.j RETURNING json)
            ORDER BY anon_2.rn ASC), '[]'::json) RETURNING json) AS j
      FROM
      (SELECT agreement_1.tenant_id AS tenant_id, agreement_1.bureau_id AS bureau_id, agreement_1.id
          AS id, agreement_1.number AS number, agreement_1.scope AS scope, agreement_1.valid_from AS
          valid_from, agreement_1.valid_until AS valid_until, agreement_1.amount_fen AS amount_fen,
          agreement_1.number AS k0, agreement_1.id AS k1, row_number() OVER (
          ORDER BY agreement_1.number ASC, agreement_1.id ASC) AS rn
        FROM agreement AS agreement_1
        WHERE agreement_1.bureau_id = $1::UUID
        ORDER BY agreement_1.number ASC, agreement_1.id ASC
        LIMIT $2::BIGINT) AS anon_2
      LEFT OUTER JOIN LATERAL
      (SELECT JSON_OBJECT(
          'id' : translate(encode(('agen'::bytea || uuid_send(tenant_1.tenant_id)) ||
              uuid_send(tenant_1.id), 'base64'), '+/', '-_'),
          'name' : tenant_1.name,
          'bureau' : anon_6.j RETURNING json) AS j
        FROM tenant AS tenant_1
        LEFT OUTER JOIN LATERAL
        (SELECT JSON_OBJECT(
            'name' : bureau_1.name RETURNING json) AS j
          FROM bureau AS bureau_1
          WHERE bureau_1.id = tenant_1.bureau_id) AS anon_6 ON true
        WHERE tenant_1.bureau_id = $1::UUID
        AND tenant_1.kind = $3::VARCHAR
        AND tenant_1.id = anon_2.tenant_id
        AND tenant_1.tenant_id = anon_2.tenant_id) AS anon_3 ON true
      LEFT OUTER JOIN LATERAL
      (SELECT coalesce(json_agg(JSON_OBJECT(
              'area' : anon_7.j RETURNING json)
            ORDER BY anon_8.rn), '[]'::json) AS j
        FROM
        (SELECT site_1.tenant_id AS tenant_id, site_1.bureau_id AS bureau_id, site_1.id AS id,
            site_1.agreement_id AS agreement_id, site_1.area_id AS area_id, row_number() OVER (
            ORDER BY site_1.id) AS rn
          FROM site AS site_1
          WHERE site_1.bureau_id = $1::UUID
          AND site_1.agreement_id = anon_2.id
          AND site_1.tenant_id = anon_2.tenant_id
          ORDER BY site_1.id
          LIMIT $4::INTEGER) AS anon_8
        LEFT OUTER JOIN LATERAL
        (SELECT JSON_OBJECT(
            'code' : area_1.code,
            'name' : area_1.name RETURNING json) AS j
          FROM area AS area_1
          WHERE area_1.id = anon_8.area_id) AS anon_7 ON true) AS anon_4 ON true
      LEFT OUTER JOIN LATERAL
      (SELECT JSON_OBJECT(
          'nodes' : coalesce(json_agg(JSON_OBJECT(
                'name' : anon_9.name,
                'plan' : anon_10.j RETURNING json)
              ORDER BY anon_9.rn ASC), '[]'::json) RETURNING json) AS j
        FROM
        (SELECT project_1.tenant_id AS tenant_id, project_1.bureau_id AS bureau_id, project_1.id AS
            id, project_1.agreement_id AS agreement_id, project_1.name AS name, project_1.goal AS
            goal, project_1.valid_from AS valid_from, project_1.valid_until AS valid_until,
            project_1.id AS k0, row_number() OVER (
            ORDER BY project_1.id ASC) AS rn
          FROM project AS project_1
          WHERE project_1.bureau_id = $1::UUID
          AND project_1.agreement_id = anon_2.id
          AND project_1.tenant_id = anon_2.tenant_id
          ORDER BY project_1.id ASC
          LIMIT $5::BIGINT) AS anon_9
        LEFT OUTER JOIN LATERAL
        (SELECT coalesce(json_agg(JSON_OBJECT(
                'measure' : anon_11.measure,
                'quantity' : anon_11.quantity,
                'validFrom' : anon_11.valid_from RETURNING json)
              ORDER BY anon_11.rn), '[]'::json) AS j
          FROM
          (SELECT planned_output_1.tenant_id AS tenant_id, planned_output_1.bureau_id AS bureau_id,
              planned_output_1.id AS id, planned_output_1.project_id AS project_id,
              planned_output_1.measure AS measure, planned_output_1.valid_from AS valid_from,
              planned_output_1.valid_until AS valid_until, planned_output_1.quantity AS quantity,
              row_number() OVER (
              ORDER BY planned_output_1.valid_from, planned_output_1.measure, planned_output_1.id)
                  AS rn
            FROM planned_output AS planned_output_1
            WHERE planned_output_1.bureau_id = $1::UUID
            AND planned_output_1.project_id = anon_9.id
            AND planned_output_1.tenant_id = anon_9.tenant_id
            ORDER BY planned_output_1.valid_from, planned_output_1.measure, planned_output_1.id
            LIMIT $6::INTEGER) AS anon_11) AS anon_10 ON true HAVING true) AS anon_5 ON true HAVING
                true) RETURNING json) AS TEXT) AS anon_1
