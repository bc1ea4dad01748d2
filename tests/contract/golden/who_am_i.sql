SELECT CAST(JSON_OBJECT(
    'viewer' :
    (SELECT JSON_OBJECT(
        'subject' : member_1.subject,
        'name' : member_1.name,
        'roles' : anon_2.j,
        'tenant' : coalesce(anon_3.j, anon_4.j) RETURNING json) AS j
      FROM member AS member_1
      LEFT OUTER JOIN LATERAL
      (SELECT coalesce(json_agg(JSON_OBJECT(
              'role' : anon_5.role,
              'validFrom' : anon_5.valid_from RETURNING json)
            ORDER BY anon_5.rn), '[]'::json) AS j
        FROM
        (SELECT member_role_1.tenant_id AS tenant_id, member_role_1.bureau_id AS bureau_id,
            member_role_1.id AS id, member_role_1.member_id AS member_id, member_role_1.role AS
            role, member_role_1.valid_from AS valid_from, member_role_1.valid_until AS valid_until,
            member_role_1.revoked_on AS revoked_on, row_number() OVER (
            ORDER BY member_role_1.role, member_role_1.valid_from, member_role_1.id) AS rn
          FROM member_role AS member_role_1
          WHERE member_role_1.tenant_id = $1::UUID
          AND member_role_1.member_id = member_1.id
          ORDER BY member_role_1.role, member_role_1.valid_from, member_role_1.id
          LIMIT $2::INTEGER) AS anon_5) AS anon_2 ON true
      LEFT OUTER JOIN LATERAL
      (SELECT JSON_OBJECT(
          '__typename' : 'Agency',
          'id' : translate(encode(('agen'::bytea || uuid_send(tenant_1.tenant_id)) ||
              uuid_send(tenant_1.id), 'base64'), '+/', '-_'),
          'name' : tenant_1.name RETURNING json) AS j
        FROM tenant AS tenant_1
        WHERE tenant_1.tenant_id = $1::UUID
        AND tenant_1.kind = $3::VARCHAR
        AND tenant_1.id = member_1.tenant_id) AS anon_3 ON true
      LEFT OUTER JOIN LATERAL
      (SELECT JSON_OBJECT(
          '__typename' : 'Bureau',
          'id' : translate(encode(('bure'::bytea || '\x00000000000000000000000000000000'::bytea) ||
              uuid_send(bureau_1.id), 'base64'), '+/', '-_'),
          'office' : bureau_1.office RETURNING json) AS j
        FROM bureau AS bureau_1
        WHERE bureau_1.id = member_1.tenant_id) AS anon_4 ON true
      WHERE member_1.id = $4::UUID
      AND member_1.tenant_id = $1::UUID) RETURNING json) AS TEXT) AS anon_1
