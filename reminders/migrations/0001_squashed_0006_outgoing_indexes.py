"""The tables of reminders, made in one go; replaces the steps that led there."""

import clinics.ids
import django.db.models.deletion
import django.utils.timezone
import reminders.models
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('reminders', '0001_initial'), ('reminders', '0002_message_waiting'), ('reminders', '0003_staff_and_calendar'), ('reminders', '0004_channels_and_policy'), ('reminders', '0005_more_kinds'), ('reminders', '0006_outgoing_indexes')]

    initial = True

    dependencies = [
        ('clinics', '0001_squashed_0007_invitation_undelivered'),
        ('patients', '0001_squashed_0014_letters'),
    ]

    operations = [
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('name', models.CharField(max_length=30, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'heartbeat',
                'verbose_name_plural': 'heartbeats',
            },
        ),
        migrations.CreateModel(
            name='StaffWish',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('wants_digest', models.BooleanField(default=True, verbose_name='daily digest')),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.clinic')),
                ('member', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='staff_wish', to='clinics.membership')),
            ],
            options={
                'verbose_name': 'wish of staff',
                'verbose_name_plural': 'wishes of staff',
            },
        ),
        migrations.CreateModel(
            name='CalendarKey',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='ended at')),
                ('last_used_at', models.DateTimeField(blank=True, null=True, verbose_name='last fetched at')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.clinic')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='calendar_keys', to='patients.patient')),
            ],
            options={
                'verbose_name': 'calendar address',
                'verbose_name_plural': 'calendar addresses',
                'constraints': [models.UniqueConstraint(condition=models.Q(('revoked_at', None)), fields=('clinic', 'patient'), name='calendar_key_one_in_force')],
            },
        ),
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('channel', models.CharField(choices=[('email', 'e-mail'), ('push', 'notification'), ('sms', 'text message')], max_length=10, verbose_name='channel')),
                ('number', models.CharField(blank=True, help_text='As +49…; for text messages only.', max_length=16, verbose_name='mobile number')),
                ('code_digest', models.CharField(blank=True, editable=False, max_length=64)),
                ('code_until_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='confirmed at')),
                ('refused_address', models.CharField(blank=True, max_length=254, verbose_name='refused address')),
                ('refused_at', models.DateTimeField(blank=True, null=True, verbose_name='refused at')),
                ('error', models.CharField(blank=True, max_length=40, verbose_name='answer')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.clinic')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contacts', to='patients.patient')),
            ],
            options={
                'verbose_name': 'way to a patient',
                'verbose_name_plural': 'ways to patients',
                'constraints': [models.UniqueConstraint(fields=('clinic', 'patient', 'channel'), name='contact_once_a_channel')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('session_today', 'session today'), ('session_missed', 'session missed yesterday'), ('check_in', 'check-in'), ('assessment_due', 'measurement due'), ('plan_changed', 'plan changed'), ('message_waiting', 'message waiting'), ('weekly_summary', 'weekly summary')], max_length=20, verbose_name='kind')),
                ('channel', models.CharField(choices=[('email', 'e-mail'), ('push', 'notification'), ('sms', 'text message')], default='email', max_length=10, verbose_name='channel')),
                ('slot_on', models.DateField(verbose_name='for the day')),
                ('subject_id', models.UUIDField(blank=True, null=True, verbose_name='about')),
                ('due_at', models.DateTimeField(verbose_name='due at')),
                ('expires_at', models.DateTimeField(verbose_name='useful until')),
                ('status', models.CharField(choices=[('queued', 'planned'), ('claimed', 'being sent'), ('sent', 'sent'), ('held', 'not sent'), ('missed', 'too late, not sent'), ('failed', 'could not be delivered')], default='queued', max_length=8, verbose_name='status')),
                ('hold_reason', models.CharField(blank=True, choices=[('already_done', 'already done'), ('skipped', 'skipped'), ('opted_out', 'reminder switched off'), ('no_consent', 'no agreement to reminders'), ('paused', 'paused'), ('moved', 'moved to another day'), ('on_hold', 'training is on hold'), ('ended', 'program ended'), ('nothing', 'nothing to say'), ('other_mail', 'another reminder that day'), ('no_access', 'no longer a patient here'), ('no_address', 'no address'), ('refused', 'address refused'), ('unanswered', 'many reminders without an answer'), ('clinic_off', 'switched off by the clinic')], max_length=12, verbose_name='reason')),
                ('attempts', models.PositiveSmallIntegerField(default=0, help_text='After the first one, due at is the next attempt.', verbose_name='attempts')),
                ('claim', models.UUIDField(blank=True, editable=False, null=True)),
                ('leased_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent at')),
                ('error', models.CharField(blank=True, max_length=200, verbose_name='last error')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('snoozes', models.PositiveSmallIntegerField(default=0, help_text='How often the patient asked for it later.', verbose_name='put off')),
                ('clinic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.clinic')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='patients.patient')),
            ],
            options={
                'verbose_name': 'delivery',
                'verbose_name_plural': 'deliveries',
                'ordering': ['-due_at'],
                'indexes': [models.Index(fields=['status', 'due_at'], name='delivery_due'), models.Index(fields=['clinic', 'patient', '-due_at'], name='delivery_by_patient'), models.Index(condition=models.Q(('claim__isnull', False)), fields=['claim'], name='delivery_claimed'), models.Index(condition=models.Q(('leased_until__isnull', False)), fields=['leased_until'], name='delivery_leased')],
                'constraints': [models.UniqueConstraint(fields=('clinic', 'patient', 'kind', 'slot_on'), name='delivery_once'), models.CheckConstraint(condition=models.Q(('due_at__lt', models.F('expires_at'))), name='delivery_times_in_order')],
            },
        ),
        migrations.CreateModel(
            name='Preference',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('session_today', 'session today'), ('session_missed', 'session missed yesterday'), ('check_in', 'check-in'), ('assessment_due', 'measurement due'), ('plan_changed', 'plan changed'), ('message_waiting', 'message waiting'), ('weekly_summary', 'weekly summary')], max_length=20, verbose_name='kind')),
                ('channel', models.CharField(choices=[('email', 'e-mail'), ('push', 'notification'), ('sms', 'text message')], default='email', max_length=10, verbose_name='channel')),
                ('is_on', models.BooleanField(default=True, verbose_name='wanted')),
                ('at_local_time', models.TimeField(verbose_name='time of day')),
                ('paused_to_on', models.DateField(blank=True, help_text='The last day without this reminder.', null=True, verbose_name='paused up to')),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('quiet_from', models.TimeField(blank=True, null=True, verbose_name='quiet from')),
                ('quiet_until', models.TimeField(blank=True, null=True, verbose_name='quiet until')),
                ('weekday', models.PositiveSmallIntegerField(blank=True, help_text='ISO weekday of the summary.', null=True, verbose_name='day of the week')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.clinic')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reminder_preferences', to='patients.patient')),
            ],
            options={
                'verbose_name': 'reminder wish',
                'verbose_name_plural': 'reminder wishes',
                'indexes': [models.Index(condition=models.Q(('is_on', True), ('kind', 'weekly_summary')), fields=['clinic', 'patient'], name='preference_weekly')],
                'constraints': [models.UniqueConstraint(fields=('clinic', 'patient', 'kind'), name='preference_once'), models.CheckConstraint(condition=models.Q(('weekday', None), models.Q(('weekday__gte', 1), ('weekday__lte', 7)), _connector='OR'), name='preference_weekday'), models.CheckConstraint(condition=models.Q(models.Q(('quiet_from', None), ('quiet_until', None)), models.Q(('quiet_from__isnull', False), ('quiet_until__isnull', False)), _connector='OR'), name='preference_quiet_both')],
            },
        ),
        migrations.CreateModel(
            name='PushSubscription',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('endpoint', models.CharField(editable=False, max_length=600)),
                ('digest', models.CharField(editable=False, help_text='Digest of the endpoint.', max_length=64)),
                ('p256dh', models.CharField(editable=False, max_length=100)),
                ('auth', models.CharField(editable=False, max_length=40)),
                ('service', models.CharField(max_length=20, verbose_name='push service')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.clinic')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='push_subscriptions', to='patients.patient')),
            ],
            options={
                'verbose_name': 'device for notifications',
                'verbose_name_plural': 'devices for notifications',
                'indexes': [models.Index(fields=['digest'], name='push_subscription_digest')],
                'constraints': [models.UniqueConstraint(fields=('clinic', 'digest'), name='push_subscription_once')],
            },
        ),
        migrations.CreateModel(
            name='ReminderPolicy',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kinds_off', models.JSONField(blank=True, default=list, verbose_name='kinds that are off')),
                ('channels', models.JSONField(blank=True, default=reminders.models.usual_channels, help_text='Besides e-mail.', verbose_name='channels that are on')),
                ('earliest_at', models.TimeField(blank=True, null=True, verbose_name='not before')),
                ('latest_at', models.TimeField(blank=True, null=True, verbose_name='not after')),
                ('most_unanswered', models.PositiveSmallIntegerField(blank=True, default=6, null=True, verbose_name='unanswered reminders in a row')),
                ('shown_as', models.CharField(blank=True, max_length=40, verbose_name='sender shown')),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('clinic', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='reminder_policy', to='clinics.clinic')),
            ],
            options={
                'verbose_name': 'reminder policy',
                'verbose_name_plural': 'reminder policies',
                'constraints': [models.CheckConstraint(condition=models.Q(('earliest_at', None), ('latest_at', None), ('earliest_at__lt', models.F('latest_at')), _connector='OR'), name='reminder_policy_hours'), models.CheckConstraint(condition=models.Q(('most_unanswered', None), models.Q(('most_unanswered__gte', 2), ('most_unanswered__lte', 30)), _connector='OR'), name='reminder_policy_unanswered')],
            },
        ),
        migrations.CreateModel(
            name='StaffNotice',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('slot_on', models.DateField(verbose_name='for the day')),
                ('due_at', models.DateTimeField(verbose_name='due at')),
                ('expires_at', models.DateTimeField(verbose_name='useful until')),
                ('status', models.CharField(choices=[('queued', 'planned'), ('claimed', 'being sent'), ('sent', 'sent'), ('held', 'not sent'), ('missed', 'too late, not sent'), ('failed', 'could not be delivered')], default='queued', max_length=8, verbose_name='status')),
                ('attempts', models.PositiveSmallIntegerField(default=0, help_text='After the first one, due at is the next attempt.', verbose_name='attempts')),
                ('claim', models.UUIDField(blank=True, editable=False, null=True)),
                ('leased_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent at')),
                ('error', models.CharField(blank=True, max_length=200, verbose_name='last error')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('kind', models.CharField(choices=[('stop_sign', 'stop sign'), ('digest', 'daily digest'), ('unreachable', 'address refused'), ('unanswered', 'reminders without an answer'), ('job', 'work that has ended'), ('test', 'test mail')], max_length=12, verbose_name='kind')),
                ('step', models.PositiveSmallIntegerField(default=0, help_text='0 first, 1 second person, 2 all managers.', verbose_name='step')),
                ('hold_reason', models.CharField(blank=True, choices=[('seen', 'somebody had acknowledged it'), ('nothing_new', 'nothing new'), ('opted_out', 'digest switched off'), ('no_access', 'no longer works here'), ('no_address', 'no address'), ('refused', 'address refused')], max_length=12, verbose_name='reason')),
                ('sample', models.CharField(blank=True, choices=[('session_today', 'session today'), ('session_missed', 'session missed yesterday'), ('check_in', 'check-in'), ('assessment_due', 'measurement due'), ('plan_changed', 'plan changed'), ('message_waiting', 'message waiting'), ('weekly_summary', 'weekly summary')], max_length=20, verbose_name='sample of')),
                ('subject_id', models.UUIDField(blank=True, help_text='The work that has ended.', null=True, verbose_name='about')),
                ('alert', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.alert')),
                ('clinic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.clinic')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.membership', verbose_name='recipient')),
                ('patient', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.patient')),
            ],
            options={
                'verbose_name': 'mail to staff',
                'verbose_name_plural': 'mails to staff',
                'ordering': ['-due_at'],
                'indexes': [models.Index(fields=['status', 'due_at'], name='staff_notice_due'), models.Index(fields=['clinic', 'patient', '-due_at'], name='staff_notice_by_patient'), models.Index(fields=['clinic', '-due_at'], name='staff_notice_recent'), models.Index(condition=models.Q(('claim__isnull', False)), fields=['claim'], name='staff_notice_claimed'), models.Index(condition=models.Q(('leased_until__isnull', False)), fields=['leased_until'], name='staff_notice_leased')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('alert__isnull', False)), fields=('clinic', 'alert', 'member', 'step'), name='staff_notice_once_a_step'), models.CheckConstraint(condition=models.Q(('due_at__lt', models.F('expires_at'))), name='staff_notice_times_in_order'), models.UniqueConstraint(condition=models.Q(('alert__isnull', True), ('patient__isnull', False)), fields=('clinic', 'patient', 'member', 'kind', 'slot_on'), name='staff_notice_once_a_patient'), models.UniqueConstraint(condition=models.Q(('alert__isnull', True), ('patient__isnull', True), ('subject_id__isnull', True)), fields=('clinic', 'member', 'kind', 'slot_on', 'sample'), name='staff_notice_once_a_day'), models.UniqueConstraint(condition=models.Q(('subject_id__isnull', False)), fields=('clinic', 'subject_id', 'member', 'kind'), name='staff_notice_once_a_subject')],
            },
        ),
    ]
