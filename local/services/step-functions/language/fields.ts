/** Which fields each part of a definition may have. What is not listed is not interpreted, so it is refused. */

const FLOW = ['Type', 'Comment', 'QueryLanguage', 'Next', 'End', 'Output', 'Assign'];
const GUARDED = [...FLOW, 'Retry', 'Catch'];
const ALWAYS = ['Type', 'Comment', 'QueryLanguage'];

export const STATE_FIELDS: Record<string, string[]> = {
  Task: [...GUARDED, 'Resource', 'Arguments', 'TimeoutSeconds'],
  Pass: FLOW,
  Choice: [...ALWAYS, 'Output', 'Assign', 'Choices', 'Default'],
  Wait: [...FLOW, 'Seconds'],
  Succeed: [...ALWAYS, 'Output'],
  Fail: [...ALWAYS, 'Error', 'Cause'],
  Parallel: [...GUARDED, 'Arguments', 'Branches'],
  Map: [...GUARDED, 'Items', 'ItemSelector', 'ItemProcessor', 'MaxConcurrency'],
};

const JSONPATH_FIELDS = new Set([
  'InputPath',
  'OutputPath',
  'ResultPath',
  'ResultSelector',
  'Parameters',
  'ItemsPath',
  'Iterator',
  'Result',
  'Variable',
  'SecondsPath',
  'TimestampPath',
  'ErrorPath',
  'CausePath',
  'TimeoutSecondsPath',
  'HeartbeatSecondsPath',
  'MaxConcurrencyPath',
  'ToleratedFailureCountPath',
  'ToleratedFailurePercentagePath',
  'MaxItemsPath',
]);

export const MACHINE_FIELDS = ['Comment', 'QueryLanguage', 'StartAt', 'States', 'TimeoutSeconds', 'Version'];
export const BRANCH_FIELDS = ['Comment', 'StartAt', 'States'];
export const PROCESSOR_FIELDS = [...BRANCH_FIELDS, 'ProcessorConfig'];

/** Parts inside a state, by the field they stand in. */
export const PART_FIELDS: Record<string, string[]> = {
  Retry: [
    'ErrorEquals',
    'IntervalSeconds',
    'BackoffRate',
    'MaxAttempts',
    'MaxDelaySeconds',
    'JitterStrategy',
    'Comment',
  ],
  Catch: ['ErrorEquals', 'Next', 'Assign', 'Output', 'Comment'],
  Choices: ['Condition', 'Next', 'Assign', 'Output', 'Comment'],
  ProcessorConfig: ['Mode'],
};

/** One line for each field that is not allowed. */
export const fieldFaults = (part: object, allowed: string[], where: string): string[] =>
  Object.keys(part)
    .filter((field) => !allowed.includes(field))
    .map((field) =>
      JSONPATH_FIELDS.has(field)
        ? `${where}: field '${field}' belongs to JSONPath; machines are JSONata here`
        : `${where}: field '${field}' is not interpreted here; allowed are ${allowed.join(', ')}`,
    );
