import { Logger } from '@aws-lambda-powertools/logger';

/** One line when something started, one when it ended; values are fields, never part of the message; never a secret. */
export const logger = new Logger();
