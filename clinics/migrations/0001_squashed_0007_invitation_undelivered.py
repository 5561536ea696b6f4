"""The tables as they stood before numbers of the rules left the clinic, made in one go; replaces the steps that led there."""

import clinics.ids
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from clinics import trail_triggers


def install(apps, schema_editor):
    """Create the triggers that let the database itself refuse changes of the audit trail."""
    trail_triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    """Drop the triggers."""
    trail_triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):

    replaces = [('clinics', '0001_initial'), ('clinics', '0002_keep_audit_trail'), ('clinics', '0003_keep_records_years'), ('clinics', '0004_escalate_minutes'), ('clinics', '0005_group_places'), ('clinics', '0006_jobs'), ('clinics', '0007_invitation_undelivered')]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Throttle',
            fields=[
                ('key', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('count', models.PositiveIntegerField(default=0)),
                ('ends_at', models.DateTimeField(db_index=True)),
            ],
            options={
                'verbose_name': 'limit in use',
                'verbose_name_plural': 'limits in use',
            },
        ),
        migrations.CreateModel(
            name='TrailHead',
            fields=[
                ('chain', models.CharField(help_text="The clinic's id; “-” for entries of no clinic.", max_length=36, primary_key=True, serialize=False)),
                ('position', models.PositiveBigIntegerField(default=0)),
                ('digest', models.CharField(blank=True, default='', max_length=64)),
                ('sealed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'end of a trail',
                'verbose_name_plural': 'ends of trails',
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-mail address')),
                ('first_name', models.CharField(blank=True, max_length=80, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=80, verbose_name='last name')),
                ('language', models.CharField(blank=True, choices=[('en', 'English'), ('de', 'German')], max_length=5, verbose_name='language')),
                ('theme', models.CharField(blank=True, choices=[('', 'As my device'), ('light', 'Light'), ('dark', 'Dark')], default='', max_length=5, verbose_name='colours')),
                ('text_size', models.CharField(blank=True, choices=[('', 'Normal'), ('l', 'Large'), ('xl', 'Very large')], default='', max_length=2, verbose_name='text size')),
                ('keyboard_shortcuts', models.BooleanField(default=True, verbose_name='single-key shortcuts')),
                ('is_staff', models.BooleanField(default=False, verbose_name='administrator')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='joined')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'person',
                'verbose_name_plural': 'people',
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='user_email_unique')],
            },
        ),
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('clinic_id', models.UUIDField(blank=True, null=True)),
                ('actor_id', models.UUIDField(blank=True, null=True)),
                ('role', models.CharField(blank=True, max_length=13, verbose_name='role')),
                ('action', models.CharField(max_length=60, verbose_name='action')),
                ('patient_id', models.UUIDField(blank=True, null=True)),
                ('object_type', models.CharField(blank=True, max_length=60, verbose_name='kind of object')),
                ('object_id', models.UUIDField(blank=True, null=True)),
                ('details', models.JSONField(blank=True, default=dict, verbose_name='details')),
                ('outcome', models.CharField(choices=[('ok', 'done'), ('refused', 'refused')], default='ok', max_length=8, verbose_name='outcome')),
                ('address', models.GenericIPAddressField(blank=True, null=True, verbose_name='address')),
                ('request_id', models.CharField(blank=True, max_length=36, verbose_name='request')),
                ('at', models.DateTimeField(verbose_name='time')),
                ('digest', models.CharField(blank=True, default='', editable=False, max_length=64)),
                ('position', models.PositiveBigIntegerField(blank=True, editable=False, null=True, verbose_name='place in the chain')),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit trail',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['clinic_id', '-at'], name='audit_by_clinic'), models.Index(fields=['clinic_id', 'patient_id', '-at'], name='audit_by_patient'), models.Index(condition=models.Q(('digest', '')), fields=['digest', 'id'], name='audit_unsealed')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('position__isnull', False)), fields=('clinic_id', 'position'), name='audit_place_once')],
            },
        ),
        migrations.CreateModel(
            name='Clinic',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('slug', models.SlugField(unique=True, verbose_name='short name')),
                ('time_zone', models.CharField(default='Europe/Berlin', max_length=64, verbose_name='time zone')),
                ('country', models.CharField(default='DE', help_text='Two letters, for example DE or SG.', max_length=2, verbose_name='country')),
                ('emergency_number', models.CharField(blank=True, help_text='Empty: the number of the country is shown.', max_length=20, verbose_name='emergency number')),
                ('language', models.CharField(choices=[('en', 'English'), ('de', 'German')], default='en', max_length=5, verbose_name='language')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='telephone')),
                ('address', models.CharField(blank=True, max_length=200, verbose_name='address')),
                ('pain_green_max', models.PositiveSmallIntegerField(default=2, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(8)], verbose_name='green up to')),
                ('pain_amber_max', models.PositiveSmallIntegerField(default=5, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(9)], verbose_name='amber up to')),
                ('silence_days', models.PositiveSmallIntegerField(default=7, validators=[django.core.validators.MinValueValidator(2), django.core.validators.MaxValueValidator(60)], verbose_name='days of silence before a notice')),
                ('missed_in_a_row', models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(20)], verbose_name='missed sessions in a row before a notice')),
                ('open_weekdays', models.JSONField(blank=True, default=list, help_text='ISO weekdays, 1 is Monday.', verbose_name='open on')),
                ('require_second_factor', models.BooleanField(default=False, verbose_name='staff need a second factor')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('keep_records_years', models.PositiveSmallIntegerField(default=10, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(30)], verbose_name='years records are kept after the end of treatment')),
                ('escalate_minutes', models.PositiveSmallIntegerField(default=15, validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(120)], verbose_name='minutes before a second person is told of a stop sign')),
                ('group_places', models.PositiveSmallIntegerField(blank=True, help_text='How many patients may be in the clinic at one time; empty means no limit.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(60)], verbose_name='places in a group')),
            ],
            options={
                'verbose_name': 'clinic',
                'verbose_name_plural': 'clinics',
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('pain_green_max__lt', models.F('pain_amber_max'))), name='clinic_pain_bands_in_order'), models.CheckConstraint(condition=models.Q(('pain_amber_max__lte', 9)), name='clinic_pain_bands_end_below_ten'), models.CheckConstraint(condition=models.Q(('keep_records_years__gte', 1), ('keep_records_years__lte', 30)), name='clinic_keeps_records'), models.CheckConstraint(condition=models.Q(('escalate_minutes__gte', 5), ('escalate_minutes__lte', 120)), name='clinic_escalates')],
            },
        ),
        migrations.CreateModel(
            name='ClosedDay',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('on', models.DateField(verbose_name='day')),
                ('name', models.CharField(blank=True, max_length=80, verbose_name='reason')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='closed_days', to='clinics.clinic')),
            ],
            options={
                'verbose_name': 'closed day',
                'verbose_name_plural': 'closed days',
                'ordering': ['on'],
                'constraints': [models.UniqueConstraint(fields=('clinic', 'on'), name='closed_day_once')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(choices=[('manager', 'Clinic manager'), ('therapist', 'Therapist'), ('patient', 'Patient')], max_length=10, verbose_name='role')),
                ('status', models.CharField(choices=[('invited', 'invited'), ('active', 'active'), ('ended', 'ended')], default='invited', max_length=10, verbose_name='status')),
                ('name', models.CharField(blank=True, help_text='As the clinic knows the person.', max_length=160, verbose_name='name')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='clinics.clinic')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'membership',
                'verbose_name_plural': 'memberships',
                'indexes': [models.Index(fields=['clinic', 'role', 'status'], name='membership_by_role')],
                'constraints': [models.UniqueConstraint(fields=('clinic', 'user'), name='membership_once_per_clinic'), models.CheckConstraint(condition=models.Q(('status', 'invited'), ('user__isnull', False), ('status', 'ended'), _connector='OR'), name='membership_has_person')],
            },
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=40, verbose_name='kind')),
                ('status', models.CharField(choices=[('waiting', 'waiting'), ('running', 'running'), ('done', 'done'), ('failed', 'failed')], default='waiting', max_length=8, verbose_name='status')),
                ('params', models.JSONField(blank=True, default=dict)),
                ('result', models.JSONField(blank=True, default=dict)),
                ('done', models.PositiveIntegerField(default=0, verbose_name='done')),
                ('total', models.PositiveIntegerField(default=0, help_text='0 while nobody knows.', verbose_name='in all')),
                ('problem', models.CharField(blank=True, help_text='In the language of who started it.', max_length=500, verbose_name='what went wrong')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('started_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('ended_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clinics.clinic')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.membership')),
            ],
            options={
                'verbose_name': 'job',
                'verbose_name_plural': 'jobs',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['clinic', 'kind', '-created_at'], name='job_recent'), models.Index(condition=models.Q(('status__in', ['waiting', 'running'])), fields=['status', 'created_at'], name='job_unfinished')],
                'constraints': [models.CheckConstraint(condition=models.Q(('total', 0), ('done__lte', models.F('total')), _connector='OR'), name='job_done_within_total')],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail address')),
                ('language', models.CharField(choices=[('en', 'English'), ('de', 'German')], default='en', max_length=5, verbose_name='language')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('expires_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('undelivered_at', models.DateTimeField(blank=True, help_text='When the mail server did not take it.', null=True)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to='clinics.clinic')),
                ('invited_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sent_invitations', to='clinics.membership')),
                ('membership', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='clinics.membership')),
            ],
            options={
                'verbose_name': 'invitation',
                'verbose_name_plural': 'invitations',
                'ordering': ['-created_at'],
                'indexes': [models.Index(fields=['clinic', '-created_at'], name='invitation_recent')],
            },
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('hint', models.CharField(editable=False, max_length=8)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('expires_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='clinics.clinic')),
                ('membership', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to='clinics.membership')),
            ],
            options={
                'verbose_name': 'API token',
                'verbose_name_plural': 'API tokens',
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64)),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recovery_codes', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'recovery code',
                'verbose_name_plural': 'recovery codes',
                'constraints': [models.UniqueConstraint(fields=('user', 'digest'), name='recovery_code_once')],
            },
        ),
        migrations.RunPython(install, remove),
    ]
