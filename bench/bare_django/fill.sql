-- The same amount of rows as the product's large set: {patients} patients with {days} check-ins, 200 patients a clinic.
-- Patients have the ids of their users, so that both tokens lead to them.
insert into auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
  select n, '!', false, 'patient' || n, 'Patient', n::text, 'patient' || n || '@bare.example', false, true, now() from generate_series(1, {patients}) n;
insert into bare_django_patient (id, user_id, clinic, name, program, week, reason, done, pain, readiness, check_in_at, appointment_at)
  select n, n, 1 + n / 200, 'Patient ' || md5(n::text), 'Leg', 1 + n % 8, 'pain 3 to 5 over three sessions', 50 + n % 50, n % 7, n % 10,
    now() - n % 9 * interval '1 day', now() + n % 9 * interval '1 day'
  from generate_series(1, {patients}) n;
insert into bare_django_checkin (patient_id, "on", pain, readiness, note, done_at)
  select n, current_date - d, (n + d) % 7, (n + d) % 10, '', now() - d * interval '1 day'
  from generate_series({days}, 1, -1) d, generate_series(1, {patients}) n;
insert into bare_django_session (patient_id, "on", minutes, is_done, exercises)
  select n, current_date + d, 40, d < 0,
    '[{{"name": "Single-leg squat", "dose": "3 × 10–12"}}, {{"name": "Wall sit", "dose": "3 × 45 s"}}, {{"name": "Glute bridge", "dose": "3 × 12"}}, {{"name": "Side-lying leg raise", "dose": "3 × 12"}}]'
  from generate_series(-40, 20) d, generate_series(1, {patients}) n where d % 7 not in (1, 4, -1, -4);
insert into bare_django_token (key, user_id) select 'key' || n, n from generate_series(1, {patients}) n;
insert into authtoken_token (key, created, user_id) select 'key' || n, now(), n from generate_series(1, {patients}) n;
select setval('auth_user_id_seq', {patients}), setval('bare_django_patient_id_seq', {patients});
analyze;
