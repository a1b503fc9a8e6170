import { writeArtifact } from '../../shared/artifacts/artifacts.ts';
import { datePath } from '../../shared/clock.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { gather } from './gathering.ts';
import { page } from './page.ts';

export interface ReportWritten {
  html: string;
  json: string;
  /** Objectives that are not met, or not measured. */
  open: number;
}

export const writeReport = async ({ scheduledAt }: { scheduledAt: string }): Promise<ReportWritten> => {
  const at = new Date(scheduledAt);
  const report = await gather(at);
  const folder = `reports/${datePath(at)}`;
  const json = await writeArtifact(`${folder}/report.json`, JSON.stringify(report, null, 2));
  const html = await writeArtifact(`${folder}/report.html`, page(report), { contentType: 'text/html; charset=utf-8' });
  const open = report.sources.flatMap(({ objectives }) => objectives).filter(({ state }) => state !== 'met').length;
  logger.info('report written', { uri: html.uri, open });
  return { html: html.uri, json: json.uri, open };
};
