"""What people do with boto3 and a running platform, against whatever AWS_ENDPOINT_URL names; prints what came of it as JSON."""
import datetime
import json
import sys

import boto3

found = {}
service = "lifeboat-shop-dev"

rds = boto3.client("rds")
# Another backup may be under way.
rds.get_waiter("db_instance_available").wait(DBInstanceIdentifier="shop-db", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
rds.create_db_snapshot(DBInstanceIdentifier="shop-db", DBSnapshotIdentifier="by-boto3", Tags=[{"Key": "by", "Value": "boto3"}])
rds.get_waiter("db_snapshot_available").wait(DBSnapshotIdentifier="by-boto3", WaiterConfig={"Delay": 1, "MaxAttempts": 60})
snapshot = rds.describe_db_snapshots(DBSnapshotIdentifier="by-boto3")["DBSnapshots"][0]
found["snapshot"] = [snapshot["Status"], snapshot["PercentProgress"], snapshot["Encrypted"], snapshot["TagList"]]
instances = rds.get_paginator("describe_db_instances").paginate()
found["instances"] = [instance["DBInstanceIdentifier"] for page in instances for instance in page["DBInstances"]]
rds.delete_db_snapshot(DBSnapshotIdentifier="by-boto3")

invoked = boto3.client("lambda").invoke(FunctionName=f"{service}-rdsMeasure", Payload=b"{}")
invoked_payload = json.loads(invoked["Payload"].read())
found["invoked"] = [invoked["StatusCode"], "FunctionError" in invoked, isinstance(invoked_payload, (dict, list))]

cloudwatch = boto3.client("cloudwatch")
metrics = [metric for page in cloudwatch.get_paginator("list_metrics").paginate() for metric in page["Metrics"]]
found["metrics"] = len(metrics) > 0
now = datetime.datetime.now(datetime.timezone.utc)
cloudwatch.put_metric_data(Namespace="Boto3", MetricData=[{"MetricName": "Age", "Value": value, "Timestamp": now} for value in (1, 3)])
statistics = cloudwatch.get_metric_statistics(
    Namespace="Boto3", MetricName="Age", Period=60, Statistics=["Average", "SampleCount"],
    StartTime=now - datetime.timedelta(minutes=5), EndTime=now + datetime.timedelta(minutes=5),
)
found["statistics"] = [[point["Average"], point["SampleCount"]] for point in statistics["Datapoints"]]
found["alarms"] = len(cloudwatch.describe_alarms()["MetricAlarms"]) > 0

found["schedules"] = len(boto3.client("scheduler").list_schedules()["Schedules"]) > 0
found["rules"] = len(boto3.client("events").list_rules()["Rules"]) > 0
found["stack"] = boto3.client("cloudformation").describe_stacks(StackName=service)["Stacks"][0]["StackStatus"]
parameter = boto3.client("ssm").get_parameter(Name="/lifeboat/shop/dev/vault-key-arn")["Parameter"]
found["parameter"] = parameter["Value"].split(":")[3]
secret = boto3.client("secretsmanager").get_secret_value(SecretId="shop/database")
found["secret"] = sorted(json.loads(secret["SecretString"]))
found["topics"] = len(boto3.client("sns").list_topics()["Topics"])
machines = boto3.client("stepfunctions").get_paginator("list_state_machines").paginate()
found["machines"] = sorted(machine["name"].removeprefix(f"{service}-") for page in machines for machine in page["stateMachines"])
found["elsewhere"] = [
    instance["DBInstanceIdentifier"] for instance in boto3.client("rds", region_name="us-west-2").describe_db_instances()["DBInstances"]
]

json.dump(found, sys.stdout)
