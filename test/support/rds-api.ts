// RDS of two regions in memory behind the client: snapshots, copies, exports and instances with the states and refusals
// that the functions have to live with. Real databases stand behind the local region, not here.
import { setImmediate } from 'node:timers/promises';
import {
  type AccountQuota,
  CopyDBSnapshotCommand,
  CreateDBInstanceReadReplicaCommand,
  CreateDBSnapshotCommand,
  type DBInstance,
  DBInstanceAlreadyExistsFault,
  DBInstanceNotFoundFault,
  type DBSnapshot,
  DBSnapshotAlreadyExistsFault,
  DBSnapshotNotFoundFault,
  DeleteDBSnapshotCommand,
  DescribeAccountAttributesCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  DescribeExportTasksCommand,
  type ExportTask,
  ExportTaskAlreadyExistsFault,
  ExportTaskNotFoundFault,
  InvalidDBInstanceStateFault,
  ModifyDBInstanceCommand,
  PromoteReadReplicaCommand,
  RDSClient,
  RDSServiceException,
  RestoreDBInstanceFromDBSnapshotCommand,
  RestoreDBInstanceToPointInTimeCommand,
  StartExportTaskCommand,
  type Tag,
} from '@aws-sdk/client-rds';
import { mockClient } from 'aws-sdk-client-mock';
import { PRIMARY, RECOVERY } from './environment.ts';

export interface RegionalRds {
  snapshots: Map<string, DBSnapshot>;
  instances: Map<string, DBInstance>;
  exports: Map<string, ExportTask>;
}

export interface RdsApi {
  primary: RegionalRds;
  recovery: RegionalRds;
  /** Run before or after an operation took effect; throw to refuse it, or to lose its answer. */
  before: (operation: string, region: string, id: string) => unknown;
  after: (operation: string, region: string, id: string) => unknown;
  quotas: AccountQuota[];
  /** Every request that changes something, as `us-east-1 CreateDBSnapshot lifeboat-…`. */
  changes: string[];
  /** The inputs of one operation. */
  inputs(operation: string): Record<string, unknown>[];
  addSnapshot(region: 'primary' | 'recovery', snapshot: DBSnapshot & { DBSnapshotIdentifier: string }): void;
}

const fact = (id = '') => ({ message: id, $metadata: { httpStatusCode: 400 } });

export const refusal = (name: string): RDSServiceException =>
  new RDSServiceException({ name, message: name, $fault: 'client', $metadata: { httpStatusCode: 400 } });

export const rdsApi = (): RdsApi => {
  const stub = mockClient(RDSClient);
  const empty = (): RegionalRds => ({ snapshots: new Map(), instances: new Map(), exports: new Map() });
  const regions: Record<string, RegionalRds> = { [PRIMARY]: empty(), [RECOVERY]: empty() };
  const inputs: { operation: string; input: Record<string, unknown> }[] = [];
  const api: RdsApi = {
    primary: regions[PRIMARY] as RegionalRds,
    recovery: regions[RECOVERY] as RegionalRds,
    before: () => undefined,
    after: () => undefined,
    quotas: [],
    changes: [],
    inputs: (operation) => inputs.filter((call) => call.operation === operation).map(({ input }) => input),
    addSnapshot: (region, snapshot) =>
      void api[region].snapshots.set(snapshot.DBSnapshotIdentifier, {
        Status: 'available',
        AllocatedStorage: 100,
        ...snapshot,
      }),
  };

  type Input = Record<string, string | undefined> & { Tags?: Tag[] };
  const on = (
    command: { name: string },
    idOf: (input: Input) => string | undefined,
    run: (region: RegionalRds, input: Input, regionName: string) => unknown,
  ): void => {
    const operation = command.name.replace(/Command$/, '');
    const answer = async (input: Input, getClient: () => { config: unknown }): Promise<unknown> => {
      const region = await (getClient().config as { region(): Promise<string> }).region();
      const regional = regions[region];
      if (!regional) throw new Error(`no such region: ${region}`);
      const id = idOf(input) ?? '';
      inputs.push({ operation, input });
      if (!operation.startsWith('Describe')) api.changes.push(`${region} ${operation} ${id}`);
      await setImmediate();
      await api.before(operation, region, id);
      const result = run(regional, input, region);
      await api.after(operation, region, id);
      return result;
    };
    stub.on(command as never).callsFake(answer as never);
  };

  const snapshotIn = ({ snapshots }: RegionalRds, id = ''): DBSnapshot => {
    const snapshot = snapshots.get(id);
    if (!snapshot) throw new DBSnapshotNotFoundFault(fact(id));
    return snapshot;
  };

  on(
    CreateDBSnapshotCommand,
    (input) => input.DBSnapshotIdentifier,
    ({ snapshots, instances }, input) => {
      if (!instances.has(input.DBInstanceIdentifier ?? ''))
        throw new DBInstanceNotFoundFault(fact(input.DBInstanceIdentifier));
      const id = input.DBSnapshotIdentifier ?? '';
      if (snapshots.has(id)) throw new DBSnapshotAlreadyExistsFault(fact(id));
      snapshots.set(id, { DBSnapshotIdentifier: id, Status: 'creating', AllocatedStorage: 100, TagList: input.Tags });
      return { DBSnapshot: snapshots.get(id) };
    },
  );
  on(
    DescribeDBSnapshotsCommand,
    (input) => input.DBSnapshotIdentifier,
    (region, input) => {
      if (input.DBSnapshotIdentifier) return { DBSnapshots: [snapshotIn(region, input.DBSnapshotIdentifier)] };
      // Pages of one, so that whoever does not turn them sees little.
      const all = [...region.snapshots.values()];
      const at = Number(input.Marker ?? 0);
      return { DBSnapshots: all.slice(at, at + 1), ...(at + 1 < all.length ? { Marker: String(at + 1) } : {}) };
    },
  );
  on(
    CopyDBSnapshotCommand,
    (input) => input.TargetDBSnapshotIdentifier,
    ({ snapshots }, input) => {
      const id = input.TargetDBSnapshotIdentifier ?? '';
      const [, , , from = '', , , name] = (input.SourceDBSnapshotIdentifier ?? '').split(':');
      snapshotIn(regions[from] ?? empty(), name);
      if (snapshots.has(id)) throw new DBSnapshotAlreadyExistsFault(fact(id));
      snapshots.set(id, {
        DBSnapshotIdentifier: id,
        Status: 'creating',
        SourceRegion: from,
        KmsKeyId: input.KmsKeyId,
        TagList: input.Tags,
      });
      return { DBSnapshot: snapshots.get(id) };
    },
  );
  on(
    DeleteDBSnapshotCommand,
    (input) => input.DBSnapshotIdentifier,
    (region, input) => {
      const snapshot = snapshotIn(region, input.DBSnapshotIdentifier);
      region.snapshots.delete(input.DBSnapshotIdentifier ?? '');
      return { DBSnapshot: snapshot };
    },
  );
  on(
    StartExportTaskCommand,
    (input) => input.ExportTaskIdentifier,
    (region, input, regionName) => {
      const id = input.ExportTaskIdentifier ?? '';
      if (region.exports.has(id)) throw new ExportTaskAlreadyExistsFault(fact(id));
      snapshotIn(region, (input.SourceArn ?? '').split(':').at(-1));
      if (!input.SourceArn?.includes(regionName)) throw new DBSnapshotNotFoundFault(fact(input.SourceArn));
      region.exports.set(id, { ExportTaskIdentifier: id, Status: 'STARTING' });
      return {};
    },
  );
  on(
    DescribeExportTasksCommand,
    (input) => input.ExportTaskIdentifier,
    ({ exports }, input) => {
      const { ExportTaskIdentifier: id } = input;
      if (id && !exports.has(id)) throw new ExportTaskNotFoundFault(fact(id));
      return { ExportTasks: [...exports.values()].filter((task) => !id || task.ExportTaskIdentifier === id) };
    },
  );
  on(
    DescribeDBInstancesCommand,
    (input) => input.DBInstanceIdentifier,
    ({ instances }, input) => {
      const instance = instances.get(input.DBInstanceIdentifier ?? '');
      if (!instance) throw new DBInstanceNotFoundFault(fact(input.DBInstanceIdentifier));
      return { DBInstances: [instance] };
    },
  );
  on(
    DescribeAccountAttributesCommand,
    () => undefined,
    () => ({ AccountQuotas: api.quotas }),
  );
  on(
    PromoteReadReplicaCommand,
    (input) => input.DBInstanceIdentifier,
    ({ instances }, input) => {
      const instance = instances.get(input.DBInstanceIdentifier ?? '');
      if (!instance) throw new DBInstanceNotFoundFault(fact(input.DBInstanceIdentifier));
      if (instance.DBInstanceStatus !== 'available' || !instance.ReadReplicaSourceDBInstanceIdentifier)
        throw new InvalidDBInstanceStateFault(fact(input.DBInstanceIdentifier));
      instance.DBInstanceStatus = 'modifying';
      delete instance.ReadReplicaSourceDBInstanceIdentifier;
      return { DBInstance: instance };
    },
  );
  on(
    ModifyDBInstanceCommand,
    (input) => input.DBInstanceIdentifier,
    ({ instances }, input) => {
      const instance = instances.get(input.DBInstanceIdentifier ?? '');
      if (instance?.DBInstanceStatus !== 'available')
        throw new InvalidDBInstanceStateFault(fact(input.DBInstanceIdentifier));
      const { DBInstanceIdentifier: id = '', ApplyImmediately: _, NewDBInstanceIdentifier: renamed, ...wishes } = input;
      if (renamed) {
        instances.delete(id);
        instances.set(
          renamed,
          Object.assign(instance, { DBInstanceIdentifier: renamed, DBInstanceStatus: 'renaming' }),
        );
      }
      return { DBInstance: Object.assign(instance, wishes) };
    },
  );
  on(
    CreateDBInstanceReadReplicaCommand,
    (input) => input.DBInstanceIdentifier,
    ({ instances }, input) => {
      const id = input.DBInstanceIdentifier ?? '';
      if (instances.has(id)) throw new DBInstanceAlreadyExistsFault(fact(id));
      instances.set(id, {
        DBInstanceIdentifier: id,
        DBInstanceStatus: 'creating',
        ReadReplicaSourceDBInstanceIdentifier: input.SourceDBInstanceIdentifier,
        TagList: input.Tags,
      });
      return { DBInstance: instances.get(id) };
    },
  );
  const restored = ({ instances }: RegionalRds, id: string, tags: Tag[] | undefined) => {
    if (instances.has(id)) throw new DBInstanceAlreadyExistsFault(fact(id));
    instances.set(id, { DBInstanceIdentifier: id, DBInstanceStatus: 'creating', TagList: tags });
    return { DBInstance: instances.get(id) };
  };
  on(
    RestoreDBInstanceFromDBSnapshotCommand,
    (input) => input.DBInstanceIdentifier,
    (region, input) => {
      snapshotIn(region, input.DBSnapshotIdentifier);
      return restored(region, input.DBInstanceIdentifier ?? '', input.Tags);
    },
  );
  on(
    RestoreDBInstanceToPointInTimeCommand,
    (input) => input.TargetDBInstanceIdentifier,
    (region, input) => restored(region, input.TargetDBInstanceIdentifier ?? '', input.Tags),
  );
  return api;
};
