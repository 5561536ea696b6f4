"""Rule sets of a clinic in versions, and the looks that they take at patients."""


import clinics.ids
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clinics', '0005_group_places'),
        ('patients', '0007_group'),
    ]

    operations = [
        migrations.AddField(
            model_name='caseloadentry',
            name='looks',
            field=models.PositiveIntegerField(default=0, help_text='Number of the last look of the rules that is kept.'),
        ),
        migrations.CreateModel(
            name='RuleSet',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('thresholds', models.JSONField(help_text='Every number by its name, and the rules that are off.', verbose_name='numbers')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='reason')),
                ('in_force_at', models.DateTimeField(verbose_name='in force from')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rule_sets', to='clinics.clinic')),
                ('made_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.membership')),
            ],
            options={
                'verbose_name': 'rule set',
                'verbose_name_plural': 'rule sets',
                'ordering': ['-number'],
            },
        ),
        migrations.CreateModel(
            name='CaseloadLook',
            fields=[
                ('id', models.UUIDField(default=clinics.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(help_text='Counts up from 1; the first kept one holds everything.', verbose_name='number')),
                ('on', models.DateField(help_text="The patient's local day.", verbose_name='day')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('changes', models.JSONField(default=dict, verbose_name='changes')),
                ('clinic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='clinics.clinic')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='looks', to='patients.patient')),
                ('rule_set', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.ruleset')),
            ],
            options={
                'verbose_name': 'look of the rules',
                'verbose_name_plural': 'looks of the rules',
                'ordering': ['patient', 'number'],
            },
        ),
        migrations.AddField(
            model_name='alert',
            name='rule_set',
            field=models.ForeignKey(blank=True, db_index=False, help_text="The clinic's numbers then.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.ruleset', verbose_name='rule set'),
        ),
        migrations.AddField(
            model_name='caseloadentry',
            name='rule_set',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='patients.ruleset'),
        ),
        migrations.AddConstraint(
            model_name='ruleset',
            constraint=models.UniqueConstraint(fields=('clinic', 'number'), name='rule_set_number_once'),
        ),
        migrations.AddIndex(
            model_name='caseloadlook',
            index=models.Index(fields=['clinic', 'on'], name='caseload_look_by_day'),
        ),
        migrations.AddConstraint(
            model_name='caseloadlook',
            constraint=models.UniqueConstraint(fields=('clinic', 'patient', 'number'), name='caseload_look_once'),
        ),
    ]
