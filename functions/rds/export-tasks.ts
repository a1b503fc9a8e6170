import {
  DescribeExportTasksCommand,
  type ExportTask,
  ExportTaskNotFoundFault,
  paginateDescribeExportTasks,
} from '@aws-sdk/client-rds';
import { rds } from '../../shared/aws/clients.ts';

/** The task as RDS describes it; undefined where RDS has none of this name. */
export const describeTask = async (id: string): Promise<ExportTask | undefined> => {
  try {
    const { ExportTasks } = await rds().send(new DescribeExportTasksCommand({ ExportTaskIdentifier: id }));
    return ExportTasks?.[0];
  } catch (error) {
    if (error instanceof ExportTaskNotFoundFault) return undefined;
    throw error;
  }
};

/** Tasks that take a place in the account's quota. */
export const exportsRunning = async (): Promise<number> => {
  let running = 0;
  for await (const page of paginateDescribeExportTasks({ client: rds() }, {})) {
    for (const { Status } of page.ExportTasks ?? [])
      if (['STARTING', 'IN_PROGRESS', 'CANCELING'].includes(Status ?? '')) running += 1;
  }
  return running;
};
