SELECT CAST(JSON_OBJECT(
    'beneficiaries' :
    (SELECT JSON_OBJECT(
        'totalCount' :
        (SELECT count(*) AS count_1
          FROM beneficiary AS beneficiary_1
          WHERE beneficiary_1.tenant_id = $1::UUID),
        'nodes' : coalesce(json_agg(JSON_OBJECT(
              'fileNumber' : anon_2.file_number,
              'name' : CASE WHEN (anon_2.worker_id = $2::UUID) THEN anon_2.name ELSE
                  CAST(left(anon_2.name, $3::INTEGER) || $4::VARCHAR AS TEXT) END,
              'phone' : CASE WHEN (anon_2.worker_id = $2::UUID) THEN anon_2.phone ELSE CAST(NULL AS
                  TEXT) END,
              'site' : anon_3.j,
              'segment' : anon_4.j,
              'attendances' : anon_5.j, E'\x02' : CAST(anon_2.id AS TEXT) RETURNING json)
            ORDER BY anon_2.rn ASC), '[]'::json) RETURNING json) AS j
      FROM
      (SELECT beneficiary_2.tenant_id AS tenant_id, beneficiary_2.bureau_id AS bureau_id,
          beneficiary_2.id AS id, beneficiary_2.file_number AS file_number, beneficiary_2.name AS
          name, beneficiary_2.gender AS gender, beneficiary_2.born_on AS born_on,
          beneficiary_2.id_number_sealed AS id_number_sealed, beneficiary_2.id_number_digest AS
          id_number_digest, beneficiary_2.phone AS phone, beneficiary_2.address AS address,
          beneficiary_2.site_id AS site_id, beneficiary_2.worker_id AS worker_id,
          beneficiary_2.segment_id AS segment_id, beneficiary_2.segment_reason AS segment_reason,
          beneficiary_2.segmented_on AS segmented_on, beneficiary_2.opened_on AS opened_on,
          beneficiary_2.closed_on AS closed_on, beneficiary_2.closing_reason AS closing_reason,
          beneficiary_2.merged_into_id AS merged_into_id, beneficiary_2.version AS version,
          beneficiary_2.file_number AS k0, beneficiary_2.id AS k1, row_number() OVER (
          ORDER BY beneficiary_2.file_number ASC, beneficiary_2.id ASC) AS rn
        FROM beneficiary AS beneficiary_2
        WHERE beneficiary_2.tenant_id = $1::UUID
        ORDER BY beneficiary_2.file_number ASC, beneficiary_2.id ASC
        LIMIT $5::BIGINT) AS anon_2
      LEFT OUTER JOIN LATERAL
      (SELECT JSON_OBJECT(
          'area' : anon_6.j RETURNING json) AS j
        FROM site AS site_1
        LEFT OUTER JOIN LATERAL
        (SELECT JSON_OBJECT(
            'name' : area_1.name RETURNING json) AS j
          FROM area AS area_1
          WHERE area_1.id = site_1.area_id) AS anon_6 ON true
        WHERE site_1.tenant_id = $1::UUID
        AND site_1.id = anon_2.site_id) AS anon_3 ON true
      LEFT OUTER JOIN LATERAL
      (SELECT JSON_OBJECT(
          'name' : segment_1.name RETURNING json) AS j
        FROM segment AS segment_1
        WHERE segment_1.tenant_id = $1::UUID
        AND segment_1.id = anon_2.segment_id
        AND anon_2.worker_id = $2::UUID) AS anon_4 ON true
      LEFT OUTER JOIN LATERAL
      (SELECT JSON_OBJECT(
          'totalCount' :
          (SELECT count(*) AS count_2
            FROM attendance AS attendance_1
            WHERE attendance_1.tenant_id = $1::UUID
            AND attendance_1.superseded IS false
            AND attendance_1.beneficiary_id = anon_2.id) RETURNING json) AS j) AS anon_5 ON true
                HAVING true) RETURNING json) AS TEXT) AS anon_1
