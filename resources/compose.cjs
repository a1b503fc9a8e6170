// What serverless.yml asks for: every answer is computed from the platform's configuration and the role deployed.
// CommonJS because the framework loads nothing else.
const { load } = require('./platform.cjs');

const parts = async ({ resolveVariable, options }) => {
  const role = await resolveVariable('param:role').catch((cause) => {
    if (cause.code === 'MISSING_VARIABLE_DEPENDENCY') throw cause; // the framework comes back with it
    throw new Error('Say which region this deployment is for: --param role=primary or --param role=recovery.', {
      cause,
    });
  });
  if (!['primary', 'recovery'].includes(role)) throw new Error(`--param role=${role}: expected primary or recovery.`);
  const { describeDeployment } = await import('./deployment.ts');
  return describeDeployment(await load(), role, options.stage ?? 'dev');
};

const part = (name) => async (context) => (await parts(context))[name];

module.exports = {
  region: part('region'),
  environment: part('environment'),
  tags: part('tags'),
  functions: part('functions'),
  machines: part('machines'),
  resources: part('resources'),
  outputs: part('outputs'),
};
