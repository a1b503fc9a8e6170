import { configuration } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { notify } from '../../shared/notify/notify.ts';
import { isLacking, LACKING, type Rejoin, type TableDifferences } from '../../shared/recovery/rejoin.ts';

interface Ready {
  source: string;
  /** The replica. */
  instance: string;
  record: Rejoin;
}

/** That this region can take the platform back, and what of its old database the living one does not have. */
export const tellReady = async ({ source, instance, record }: Ready): Promise<void> => {
  const { platform } = configuration();
  const { region, account, service, peer } = settings();
  const lacking = record.tables.filter(isLacking);
  const input = JSON.stringify({ failoverId: '<a new id>', reason: '<why>', override: platform });
  await notify({
    topic: lacking.length ? 'critical' : 'disaster',
    what: `${platform}: ${region} follows ${peer.region} again and can take the platform back`,
    source,
    since: new Date(record.startedAt),
    impact: lacking.length
      ? `${lacking.length} tables of the old database have rows that customers do not have any more: written here after ${peer.region} took over, or on the way there.`
      : record.tables.length
        ? 'The old database has nothing that the living one lacks.'
        : 'There was no old database to compare with.',
    evidence: [
      `replica: ${instance}`,
      ...(record.cacheRetired ? [`the old cache is gone; its last snapshot is ${record.cacheRetired}`] : []),
      ...(record.keptAs ? [`the old database is kept as ${record.keptAs}`] : []),
      ...record.tables.flatMap(linesOf),
    ],
    next: `${lacking.length ? `Bring over what is wanted of ${record.keptAs}, by the keys above. ` : ''}${record.keptAs ? `Delete ${record.keptAs} when nobody needs it: it costs. ` : ''}To go back: aws stepfunctions start-execution --region ${region} --state-machine-arn arn:aws:states:${region}:${account}:stateMachine:${service}-failover --input '${input}'`,
  });
};

const linesOf = (of: TableDifferences): string[] => {
  if (of.skipped) return [`${of.table}: not compared: ${of.skipped}`];
  if (!isLacking(of)) return [];
  const figures = LACKING.filter((kind) => of[kind] > 0).map((kind) => `${of[kind]} ${WORDS[kind]}`);
  const keys = of.keys.slice(0, 10).map(({ key }) => key);
  return [`${of.table}: ${figures.join(', ')}; keys ${keys.join('; ')}${of.keys.length > keys.length ? ' …' : ''}`];
};

const WORDS = {
  leftInserted: 'written only here',
  leftChanged: 'changed only here',
  leftDeleted: 'deleted only here',
  bothChanged: 'changed on both sides',
  unexplained: 'different without a reason',
};
