// What people are told of an archive that has holes.

import { parsePointId } from '../../shared/catalog/ids.ts';
import type { ArchiveIndex, Gap } from '../../shared/kafka/archive.ts';
import { notify } from '../../shared/notify/notify.ts';

const WORDS: Record<Gap['why'], string> = {
  trimmed: 'the brokers had dropped them before they were archived',
  rewound: 'the brokers lost them: the archive has the only copy, and their offsets are given again',
  recreated: 'the topic was deleted or made again: what it held after its last archive is lost',
};

/** Told for this archive and no later one: the next goes on behind them. */
export const tellGaps = async ({ recoveryPoint, gaps, takenAt }: ArchiveIndex): Promise<void> => {
  if (gaps.length === 0) return;
  const { source } = parsePointId(recoveryPoint);
  await notify({
    topic: 'critical',
    what: `${gaps.length} gaps between ${source} and its archive`,
    ...{ source, recoveryPoint, since: new Date(takenAt) },
    impact: 'A restore cannot bring back what is named here. Everything else is archived.',
    evidence: gaps
      .slice(0, 20)
      .map(({ topic, partition, from, to, why }) => `${topic}-${partition}, offsets ${from} to ${to}: ${WORDS[why]}`),
    next: 'Archive more often than the topics retain (retention.ms, retention.bytes), and find out who deletes topics or lets unclean leaders be elected.',
  });
};
