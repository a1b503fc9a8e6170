// Commands for people to copy: with region and names of this deployment, so that they work as they stand.
import { settings } from '../config/settings.ts';

/** In single quotes, as a POSIX shell reads them. */
const quoted = (value: object): string => `'${JSON.stringify(value).replaceAll("'", "'\\''")}'`;

/** Invokes a function of this service by its key. */
export const invokeCommand = (key: string, payload: object): string => {
  const { region, service } = settings();
  return `aws lambda invoke --region ${region} --function-name ${service}-${key} --cli-binary-format raw-in-base64-out --payload ${quoted(payload)} /dev/stdout`;
};

/** Starts a state machine of this service by its name. */
export const startCommand = (machine: string, input: object): string => {
  const { region, service, account, topicArnPrefix } = settings();
  const partition = topicArnPrefix.split(':')[1];
  return `aws stepfunctions start-execution --region ${region} --state-machine-arn arn:${partition}:states:${region}:${account}:stateMachine:${service}-${machine} --input ${quoted(input)}`;
};
