"""What people do with boto3 and a cache, against whatever AWS_ENDPOINT_URL names; prints what came of it as JSON."""
import json
import sys

import boto3
from botocore.exceptions import ClientError, WaiterError

found = {}
PATIENCE = {"Delay": 1, "MaxAttempts": 60}
elasticache = boto3.client("elasticache")


def refused(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return [type(error).__name__, error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]
    return "not refused"


def snapshot(name):
    return elasticache.describe_snapshots(SnapshotName=name)["Snapshots"][0]


elasticache.create_replication_group(
    ReplicationGroupId="boto3", ReplicationGroupDescription="é <&>", CacheNodeType="cache.t4g.small", NumCacheClusters=2
)
elasticache.get_waiter("replication_group_available").wait(ReplicationGroupId="boto3", WaiterConfig=PATIENCE)
elasticache.get_waiter("cache_cluster_available").wait(CacheClusterId="boto3-002", WaiterConfig=PATIENCE)
group = elasticache.describe_replication_groups(ReplicationGroupId="boto3")["ReplicationGroups"][0]
found["group"] = [group["Status"], group["Description"], group["MemberClusters"], group["AuthTokenEnabled"]]
found["endpoint"] = group["NodeGroups"][0]["PrimaryEndpoint"]["Address"]
clusters = elasticache.get_paginator("describe_cache_clusters").paginate(ShowCacheNodeInfo=True)
found["nodes"] = [cluster["CacheNodes"][0]["CacheNodeStatus"] for page in clusters for cluster in page["CacheClusters"]]

elasticache.create_snapshot(CacheClusterId="boto3-002", SnapshotName="one", Tags=[{"Key": "by", "Value": "boto3"}])
elasticache.get_waiter("cache_cluster_available").wait(CacheClusterId="boto3-002", WaiterConfig=PATIENCE)
one = snapshot("one")
found["snapshot"] = [one["SnapshotStatus"], one["CacheClusterId"], one["NodeSnapshots"][0]["CacheNodeId"], "SnapshotCreateTime" in one["NodeSnapshots"][0]]
found["tags"] = elasticache.list_tags_for_resource(ResourceName=one["ARN"])["TagList"]
pages = elasticache.get_paginator("describe_snapshots").paginate(PaginationConfig={"PageSize": 20})
found["snapshots"] = [each["SnapshotName"] for page in pages for each in page["Snapshots"]]
found["taken"] = refused(elasticache.create_snapshot, CacheClusterId="boto3-002", SnapshotName="one")
found["no snapshot"] = refused(elasticache.describe_snapshots, SnapshotName="none")
found["no cluster"] = refused(elasticache.create_snapshot, CacheClusterId="none", SnapshotName="two")
found["no group"] = refused(elasticache.describe_replication_groups, ReplicationGroupId="none")
found["no bucket"] = refused(elasticache.copy_snapshot, SourceSnapshotName="one", TargetSnapshotName="x", TargetBucket="nowhere")

elasticache.create_replication_group(
    ReplicationGroupId="other", ReplicationGroupDescription="d", CacheNodeType="cache.t4g.small"
)
elasticache.get_waiter("replication_group_available").wait(ReplicationGroupId="other", WaiterConfig=PATIENCE)
elasticache.delete_replication_group(ReplicationGroupId="other")
elasticache.get_waiter("replication_group_deleted").wait(ReplicationGroupId="other", WaiterConfig=PATIENCE)
try:
    elasticache.get_waiter("replication_group_deleted").wait(ReplicationGroupId="boto3", WaiterConfig=PATIENCE)
except WaiterError as error:
    found["not deleted"] = error.last_response["ReplicationGroups"][0]["Status"]
elasticache.delete_snapshot(SnapshotName="one")

json.dump(found, sys.stdout)
