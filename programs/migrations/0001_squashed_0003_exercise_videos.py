"""The tables of programs and exercises, made in one go; replaces the steps that led there."""

import clinics.ids
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('programs', '0001_initial'), ('programs', '0002_builder'), ('programs', '0003_exercise_videos')]

    initial = True

    dependencies = [
        ('clinics', '0001_squashed_0007_invitation_undelivered'),
    ]

    operations = [
        migrations.CreateModel(
            name='Exercise',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('key', models.SlugField(max_length=60, verbose_name='key')),
                ('revision', models.PositiveIntegerField(default=1, verbose_name='revision')),
                ('is_current', models.BooleanField(default=True, verbose_name='current')),
                ('group', models.CharField(max_length=30, verbose_name='group')),
                ('measure', models.CharField(choices=[('reps', 'repetitions'), ('hold', 'hold'), ('duration', 'duration')], max_length=10, verbose_name='measured in')),
                ('names', models.JSONField(verbose_name='names')),
                ('content', models.JSONField(help_text='Steps, cue, dose range, easier, harder, faults, equipment, provenance, pose.', verbose_name='content')),
                ('digest', models.CharField(editable=False, max_length=64)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('approved_at', models.DateTimeField(blank=True, null=True, verbose_name='approved')),
                ('approved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.membership')),
                ('clinic', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='exercises', to='clinics.clinic')),
                ('made_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.membership')),
            ],
            options={
                'verbose_name': 'exercise',
                'verbose_name_plural': 'exercises',
                'ordering': ['group', 'key'],
                'constraints': [models.UniqueConstraint(fields=('clinic', 'key', 'revision'), name='exercise_revision_once'), models.UniqueConstraint(condition=models.Q(('clinic', None)), fields=('key', 'revision'), name='exercise_shared_revision_once'), models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('clinic', 'key'), name='exercise_current_once'), models.UniqueConstraint(condition=models.Q(('clinic', None), ('is_current', True)), fields=('key',), name='exercise_shared_current_once')],
            },
        ),
        migrations.CreateModel(
            name='ExercisePicture',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('digest', models.CharField(max_length=64)),
                ('content', models.BinaryField()),
                ('width', models.PositiveSmallIntegerField()),
                ('height', models.PositiveSmallIntegerField()),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.clinic')),
            ],
            options={
                'verbose_name': 'picture of an exercise',
                'verbose_name_plural': 'pictures of exercises',
                'constraints': [models.UniqueConstraint(fields=('clinic', 'digest'), name='picture_once')],
            },
        ),
        migrations.CreateModel(
            name='ExerciseVideo',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('digest', models.CharField(max_length=64)),
                ('size', models.PositiveIntegerField(help_text='Bytes.')),
                ('seconds', models.FloatField()),
                ('width', models.PositiveSmallIntegerField()),
                ('height', models.PositiveSmallIntegerField()),
                ('has_sound', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.clinic')),
            ],
            options={
                'verbose_name': 'video of an exercise',
                'verbose_name_plural': 'videos of exercises',
                'constraints': [models.UniqueConstraint(fields=('clinic', 'digest'), name='video_once'), models.CheckConstraint(condition=models.Q(('size__gt', 0), ('size__lte', 20000000)), name='video_size_in_range')],
            },
        ),
        migrations.CreateModel(
            name='Program',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('key', models.SlugField(max_length=60, verbose_name='key')),
                ('code', models.CharField(help_text='Short code for charts, for example LL.', max_length=8, verbose_name='code')),
                ('kind', models.CharField(choices=[('strength', 'strength'), ('run_walk', 'run-walk'), ('walk', 'walking'), ('flare_up', 'flare-up')], max_length=10, verbose_name='kind')),
                ('origin', models.CharField(choices=[('library', 'shared library'), ('clinic', 'clinic'), ('tailored', 'tailored')], default='library', max_length=10, verbose_name='origin')),
                ('names', models.JSONField(verbose_name='names')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('clinic', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='programs', to='clinics.clinic')),
            ],
            options={
                'verbose_name': 'program',
                'verbose_name_plural': 'programs',
                'ordering': ['position', 'key'],
                'constraints': [models.UniqueConstraint(fields=('clinic', 'key'), name='program_key_once'), models.UniqueConstraint(condition=models.Q(('clinic', None)), fields=('key',), name='program_shared_key_once'), models.CheckConstraint(condition=models.Q(models.Q(('clinic', None), ('origin', 'library')), models.Q(('origin', 'library'), _negated=True), _connector='OR'), name='program_library_is_shared')],
            },
        ),
        migrations.CreateModel(
            name='ProgramVersion',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('status', models.CharField(choices=[('draft', 'draft'), ('published', 'published'), ('retired', 'retired')], default='draft', max_length=10, verbose_name='status')),
                ('weeks', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(52)], verbose_name='weeks')),
                ('supervised_per_week', models.PositiveSmallIntegerField(default=0, verbose_name='in the clinic, times a week')),
                ('home_per_week', models.PositiveSmallIntegerField(default=0, verbose_name='at home, times a week')),
                ('summary', models.JSONField(blank=True, default=dict, verbose_name='summary')),
                ('evidence', models.JSONField(blank=True, default=dict, verbose_name='evidence')),
                ('assessments', models.JSONField(blank=True, default=list, verbose_name='assessments')),
                ('checklist', models.JSONField(blank=True, default=list, verbose_name='entry checklist')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='reason')),
                ('digest', models.CharField(blank=True, editable=False, max_length=64)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('published_at', models.DateTimeField(blank=True, null=True)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('draft', models.JSONField(blank=True, default=list, editable=False)),
                ('revision', models.PositiveIntegerField(default=0, verbose_name='revision')),
                ('changed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.membership')),
                ('clinic', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.clinic')),
                ('forked_from', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='forks', to='programs.programversion')),
                ('program', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='programs.program')),
            ],
            options={
                'verbose_name': 'program version',
                'verbose_name_plural': 'program versions',
                'ordering': ['program', '-number'],
                'constraints': [models.UniqueConstraint(fields=('program', 'number'), name='version_number_once'), models.CheckConstraint(condition=models.Q(('weeks__gte', 1), ('weeks__lte', 52)), name='version_weeks_in_range')],
            },
        ),
        migrations.CreateModel(
            name='ProgramApproval',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('approved_at', models.DateTimeField()),
                ('approved_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.membership')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='approvals', to='clinics.clinic')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='programs.programversion')),
            ],
            options={
                'verbose_name': 'approval',
                'verbose_name_plural': 'approvals',
                'constraints': [models.UniqueConstraint(fields=('clinic', 'version'), name='approval_once')],
            },
        ),
        migrations.CreateModel(
            name='DraftStep',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('revision', models.PositiveIntegerField()),
                ('weeks', models.PositiveSmallIntegerField(default=1)),
                ('draft', models.JSONField()),
                ('changed_at', models.DateTimeField()),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.clinic')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='programs.programversion')),
            ],
            options={
                'verbose_name': 'step of a draft',
                'verbose_name_plural': 'steps of drafts',
                'ordering': ['version', '-revision'],
                'constraints': [models.UniqueConstraint(fields=('version', 'revision'), name='draft_step_once')],
            },
        ),
        migrations.CreateModel(
            name='SessionPlan',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('week_from', models.PositiveSmallIntegerField(verbose_name='from week')),
                ('week_to', models.PositiveSmallIntegerField(verbose_name='to week')),
                ('setting', models.CharField(choices=[('supervised', 'in the clinic'), ('home', 'at home')], max_length=10, verbose_name='place')),
                ('times_a_week', models.PositiveSmallIntegerField(verbose_name='times a week')),
                ('minutes', models.PositiveSmallIntegerField(verbose_name='minutes')),
                ('weekdays', models.JSONField(blank=True, default=list, verbose_name='usual weekdays')),
                ('days', models.JSONField(blank=True, default=list, verbose_name='fixed days of the week, 1 is the first')),
                ('phase', models.JSONField(blank=True, default=dict, verbose_name='phase')),
                ('note', models.JSONField(blank=True, default=dict, verbose_name='note')),
                ('provenance', models.JSONField(blank=True, default=dict, verbose_name='provenance')),
                ('clinic', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.clinic')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='session_plans', to='programs.programversion')),
            ],
            options={
                'verbose_name': 'session plan',
                'verbose_name_plural': 'session plans',
                'ordering': ['version', 'week_from', 'position'],
                'constraints': [models.CheckConstraint(condition=models.Q(('week_from__gte', 1), ('week_from__lte', models.F('week_to'))), name='plan_weeks_in_order'), models.CheckConstraint(condition=models.Q(('times_a_week__gte', 1), ('times_a_week__lte', 7)), name='plan_times_a_week'), models.CheckConstraint(condition=models.Q(('minutes__gte', 1), ('minutes__lte', 240)), name='plan_minutes')],
            },
        ),
        migrations.CreateModel(
            name='Prescription',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('block', models.CharField(choices=[('warm_up', 'warm-up'), ('main', 'main part'), ('cool_down', 'cool-down')], default='main', max_length=10, verbose_name='part')),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('sets', models.PositiveSmallIntegerField(default=1, verbose_name='sets')),
                ('reps_low', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='repetitions, from')),
                ('reps_high', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='repetitions, to')),
                ('hold_seconds', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='hold, s')),
                ('duration_seconds', models.PositiveIntegerField(blank=True, null=True, verbose_name='duration, s')),
                ('run_seconds', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='run, s')),
                ('walk_seconds', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='walk, s')),
                ('stage', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='stage')),
                ('rest_seconds', models.PositiveSmallIntegerField(default=0, verbose_name='rest, s')),
                ('per_side', models.BooleanField(default=False, verbose_name='per side')),
                ('tempo', models.CharField(blank=True, max_length=12, verbose_name='tempo, s')),
                ('load', models.JSONField(blank=True, default=dict, verbose_name='load')),
                ('variation', models.JSONField(blank=True, default=dict, verbose_name='variation')),
                ('pose_variant', models.CharField(blank=True, max_length=20)),
                ('effort_low', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='effort, from')),
                ('effort_high', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='effort, to')),
                ('exercise_provenance', models.CharField(max_length=200, verbose_name='exercise from')),
                ('dose_provenance', models.CharField(max_length=200, verbose_name='dose from')),
                ('provenance_note', models.JSONField(blank=True, default=dict, verbose_name='note on the source')),
                ('circuit', models.PositiveSmallIntegerField(default=0, help_text='Exercises of one number are done in turns; 0 is none.', verbose_name='circuit')),
                ('clinic', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.clinic')),
                ('exercise', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='prescriptions', to='programs.exercise')),
                ('session_plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='prescriptions', to='programs.sessionplan')),
            ],
            options={
                'verbose_name': 'prescription',
                'verbose_name_plural': 'prescriptions',
                'ordering': ['session_plan', 'position'],
                'constraints': [models.UniqueConstraint(fields=('session_plan', 'block', 'position'), name='prescription_position_once'), models.CheckConstraint(condition=models.Q(('sets__gte', 1), ('sets__lte', 30)), name='prescription_sets'), models.CheckConstraint(condition=models.Q(('reps_low', None), ('reps_low__lte', models.F('reps_high')), _connector='OR'), name='prescription_reps_in_order'), models.CheckConstraint(condition=models.Q(('effort_low', None), models.Q(('effort_high__lte', 10), ('effort_low__lte', models.F('effort_high'))), _connector='OR'), name='prescription_effort_in_order')],
            },
        ),
        migrations.CreateModel(
            name='VideoPart',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveSmallIntegerField(help_text='From 0; every part but the last has the same size.')),
                ('content', models.BinaryField()),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.clinic')),
                ('video', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='programs.exercisevideo')),
            ],
            options={
                'verbose_name': 'part of a video',
                'verbose_name_plural': 'parts of videos',
                'ordering': ['video', 'number'],
                'constraints': [models.UniqueConstraint(fields=('clinic', 'video', 'number'), name='video_part_once')],
            },
        ),
    ]
