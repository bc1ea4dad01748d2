SELECT CAST(JSON_OBJECT(
    'beneficiaries' :
    (SELECT JSON_OBJECT(
        'totalCount' :
        (SELECT count(*) AS count_1
          FROM beneficiary AS beneficiary_1
          WHERE beneficiary_1.tenant_id = $1::UUID), E'\x02' : concat('#',
          (SELECT CASE WHEN (count(*) < 5) THEN string_agg(anon_3.about, ';') END AS anon_2
            FROM
            (SELECT CAST(beneficiary_2.id AS TEXT) AS about
              FROM beneficiary AS beneficiary_2
              WHERE beneficiary_2.tenant_id = $1::UUID
              LIMIT $2::INTEGER) AS anon_3)),
        'nodes' : coalesce(json_agg(JSON_OBJECT(
              'fileNumber' : anon_4.file_number,
              'name' : CASE WHEN (anon_4.worker_id = $3::UUID) THEN anon_4.name ELSE
                  CAST(left(anon_4.name, $4::INTEGER) || $5::VARCHAR AS TEXT) END,
              'phone' : CASE WHEN (anon_4.worker_id = $3::UUID) THEN anon_4.phone ELSE CAST(NULL AS
                  TEXT) END,
              'site' : anon_5.j,
              'segment' : anon_6.j,
              'attendances' : anon_7.j, E'\x02' : CAST(anon_4.id AS TEXT) RETURNING json)
            ORDER BY anon_4.rn ASC), '[]'::json) RETURNING json) AS j
      FROM
      (SELECT beneficiary_3.tenant_id AS tenant_id, beneficiary_3.bureau_id AS bureau_id,
          beneficiary_3.id AS id, beneficiary_3.file_number AS file_number, beneficiary_3.name AS
          name, beneficiary_3.gender AS gender, beneficiary_3.born_on AS born_on,
          beneficiary_3.id_number_sealed AS id_number_sealed, beneficiary_3.id_number_digest AS
          id_number_digest, beneficiary_3.phone AS phone, beneficiary_3.address AS address,
          beneficiary_3.site_id AS site_id, beneficiary_3.worker_id AS worker_id,
          beneficiary_3.segment_id AS segment_id, beneficiary_3.segment_reason AS segment_reason,
          beneficiary_3.segmented_on AS segmented_on, beneficiary_3.opened_on AS opened_on,
          beneficiary_3.closed_on AS closed_on, beneficiary_3.closing_reason AS closing_reason,
          beneficiary_3.merged_into_id AS merged_into_id, beneficiary_3.version AS version,
          beneficiary_3.file_number AS k0, beneficiary_3.id AS k1, row_number() OVER (
          ORDER BY beneficiary_3.file_number ASC, beneficiary_3.id ASC) AS rn
        FROM beneficiary AS beneficiary_3
        WHERE beneficiary_3.tenant_id = $1::UUID
        ORDER BY beneficiary_3.file_number ASC, beneficiary_3.id ASC
        LIMIT $6::BIGINT) AS anon_4
      LEFT OUTER JOIN LATERAL
      (SELECT JSON_OBJECT(
          'area' : anon_8.j RETURNING json) AS j
        FROM site AS site_1
        LEFT OUTER JOIN LATERAL
        (SELECT JSON_OBJECT(
            'name' : area_1.name RETURNING json) AS j
          FROM area AS area_1
          WHERE area_1.id = site_1.area_id) AS anon_8 ON true
        WHERE site_1.tenant_id = $1::UUID
        AND site_1.id = anon_4.site_id) AS anon_5 ON true
      LEFT OUTER JOIN LATERAL
      (SELECT JSON_OBJECT(
          'name' : segment_1.name RETURNING json) AS j
        FROM segment AS segment_1
        WHERE segment_1.tenant_id = $1::UUID
        AND segment_1.id = anon_4.segment_id
        AND anon_4.worker_id = $3::UUID) AS anon_6 ON true
      LEFT OUTER JOIN LATERAL
      (SELECT JSON_OBJECT(
          'totalCount' :
          (SELECT count(*) AS count_2
            FROM attendance AS attendance_1
            WHERE attendance_1.tenant_id = $1::UUID
            AND attendance_1.superseded IS false
            AND attendance_1.beneficiary_id = anon_4.id), E'\x02' : concat('#',
            (SELECT CASE WHEN (count(*) < 5) THEN string_agg(anon_10.about, ';') END AS anon_9
              FROM
              (SELECT CAST(coalesce(attendance_2.beneficiary_id, attendance_2.volunteer_id) AS TEXT)
                  AS about
                FROM attendance AS attendance_2
                WHERE attendance_2.tenant_id = $1::UUID
                AND attendance_2.superseded IS false
                AND attendance_2.beneficiary_id = anon_4.id
                LIMIT $7::INTEGER) AS anon_10)) RETURNING json) AS j) AS anon_7 ON true HAVING true)
                    RETURNING json) AS TEXT) AS anon_1
