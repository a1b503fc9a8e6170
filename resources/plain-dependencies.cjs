// The framework writes `DependsOn: <role>` beside every reference to that role. CloudFormation's validators warn of
// what a reference says already, so it is taken out: a packaged template has no warning that one learns to overlook.
class PlainDependencies {
  constructor(serverless) {
    this.hooks = {
      'before:package:finalize': () => {
        const { Resources } = serverless.service.provider.compiledCloudFormationTemplate;
        for (const resource of Object.values(Resources)) {
          const referred = resource.Properties?.Role?.['Fn::GetAtt']?.[0];
          if (!referred || !resource.DependsOn) continue;
          resource.DependsOn = [resource.DependsOn].flat().filter((name) => name !== referred);
          if (resource.DependsOn.length === 0) delete resource.DependsOn;
        }
      },
    };
  }
}

module.exports = PlainDependencies;
