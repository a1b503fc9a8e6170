// Instances restored to a moment: the newest copy before it, and the source's archived WAL from there on.
import * as sdk from '@aws-sdk/client-rds';
import type { Operation } from '../operation.ts';
import { basesOf, restorableWindow } from './archive.ts';
import { describeInstance } from './describe.ts';
import { invalidCombination, invalidValue } from './errors.ts';
import { tell } from './events.ts';
import { mayUseKey } from './keys.ts';
import { startRestore } from './restores.ts';
import { archiveOf, newInstance, newInstanceId } from './servers.ts';
import { restoredSettings } from './settings.ts';
import { type Instance, instanceNamed, type Rds } from './state.ts';

interface PointInTimeRestores {
  RestoreDBInstanceToPointInTime: Operation<
    sdk.RestoreDBInstanceToPointInTimeCommandInput,
    sdk.RestoreDBInstanceToPointInTimeCommandOutput
  >;
}

export const pointInTimeRestores = (rds: Rds): PointInTimeRestores => ({
  async RestoreDBInstanceToPointInTime(input, { caller }) {
    const id = newInstanceId(rds, input.TargetDBInstanceIdentifier);
    const source = instanceNamed(rds, input.SourceDBInstanceIdentifier);
    if (source.settings.retention === 0) {
      const message = `Automated backups are not enabled for DB instance ${source.id}.`;
      throw new sdk.PointInTimeRestoreNotEnabledFault({ message, $metadata: {} });
    }
    const target = await targetOf(rds, source, input);
    const until = rds.region.clock.toEngineTime(target);
    const base = basesOf(rds, source)
      .filter((snapshot) => snapshot.consistentAt <= until)
      .sort((a, b) => +b.consistentAt - +a.consistentAt)[0];
    if (!base) throw invalidValue(`${source.id} has no backup from before ${target.toISOString()} to start from.`);
    await mayUseKey(rds, source.settings.kmsKeyId, caller);
    const settings = restoredSettings(input, source.settings);
    const instance = await newInstance(rds, { id, settings, tags: input.Tags ?? [], port: input.Port });
    startRestore(rds, instance, base, { archive: archiveOf(source), until }, () =>
      tell(
        rds,
        { kind: 'instance', ...instance },
        'restoredToPointInTime',
        `Restored from DB instance ${source.id} to ${id}`,
      ),
    );
    return { DBInstance: describeInstance(rds, instance) };
  },
});

/** The region time asked for, inside what can be restored. */
const targetOf = async (
  rds: Rds,
  source: Instance,
  input: sdk.RestoreDBInstanceToPointInTimeCommandInput,
): Promise<Date> => {
  const { RestoreTime: time, UseLatestRestorableTime: useLatest } = input;
  if ((time === undefined) === !useLatest) {
    throw invalidCombination('Specify either RestoreTime or UseLatestRestorableTime.');
  }
  const { earliest, latest } = await restorableWindow(rds, source);
  if (!earliest || !latest) throw invalidValue(`DB instance ${source.id} has no restorable time yet.`);
  const target = time ?? latest;
  if (target < earliest || target > latest) {
    throw invalidValue(
      `The specified time ${target.toISOString()} lies outside what can be restored of ${source.id}: ` +
        `${earliest.toISOString()} to ${latest.toISOString()}.`,
    );
  }
  return target;
};
