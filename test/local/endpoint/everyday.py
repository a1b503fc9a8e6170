"""What people do with boto3, against whatever AWS_ENDPOINT_URL names; prints what came of it as JSON."""
import datetime
import hashlib
import json
import os
import sys
import urllib.request

import boto3
from botocore.exceptions import ClientError

folder = sys.argv[1]
found = {}


def refused(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return [type(error).__name__, error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]
    return "not refused"


found["identity"] = boto3.client("sts").get_caller_identity()["Arn"]

kms = boto3.client("kms")
key = kms.create_key(Description="boto3")["KeyMetadata"]
blob = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"\x00\xff", EncryptionContext={"a": "b"})["CiphertextBlob"]
found["plaintext"] = list(kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "b"})["Plaintext"])
found["created"] = (datetime.datetime.now(datetime.timezone.utc) - key["CreationDate"]).total_seconds() < 60
found["wrong context"] = refused(kms.decrypt, CiphertextBlob=blob)

rds = boto3.client("rds")
pages = rds.get_paginator("describe_db_snapshots").paginate(PaginationConfig={"PageSize": 20})
found["snapshots"] = [snapshot for page in pages for snapshot in page["DBSnapshots"]]
found["no snapshot"] = refused(rds.describe_db_snapshots, DBSnapshotIdentifier="none")

sns = boto3.client("sns")
topic = sns.create_topic(Name="boto3", Attributes={"DisplayName": "é <&>"})["TopicArn"]
found["topic"] = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"]
attributes = {"kind": {"DataType": "String", "StringValue": "test"}}
found["published"] = len(sns.publish(TopicArn=topic, Message="m", MessageAttributes=attributes)["MessageId"])

cloudwatch = boto3.client("cloudwatch")
cloudwatch.put_metric_data(Namespace="Boto3", MetricData=[{"MetricName": "Age", "Value": 4.5, "Unit": "Seconds"}])
found["metrics"] = [metric["MetricName"] for metric in cloudwatch.list_metrics(Namespace="Boto3")["Metrics"]]

found["no function"] = refused(boto3.client("lambda").get_function, FunctionName="none")

s3 = boto3.client("s3")
s3.create_bucket(Bucket="boto3-bucket")
source, target = os.path.join(folder, "source"), os.path.join(folder, "target")
with open(source, "wb") as file:
    file.write(os.urandom(10 * 1024 * 1024))
s3.upload_file(source, "boto3-bucket", "large", ExtraArgs={"Metadata": {"one": "1"}})
s3.download_file("boto3-bucket", "large", target)
digest = lambda path: hashlib.sha256(open(path, "rb").read()).hexdigest()
found["same bytes"] = digest(source) == digest(target)
head = s3.head_object(Bucket="boto3-bucket", Key="large")
found["head"] = [head["ContentLength"], head["Metadata"], head["ETag"].endswith('-2"')]
for number in range(3):
    s3.put_object(Bucket="boto3-bucket", Key=f"n/{number} é", Body=b"0123456789" * 30000)
found["range"] = s3.get_object(Bucket="boto3-bucket", Key="n/0 é", Range="bytes=2-4")["Body"].read().decode()
pages = s3.get_paginator("list_objects_v2").paginate(Bucket="boto3-bucket", Prefix="n/", PaginationConfig={"PageSize": 2})
found["listed"] = [[item["Key"] for item in page["Contents"]] for page in pages]
link = s3.generate_presigned_url("get_object", Params={"Bucket": "boto3-bucket", "Key": "n/1 é"})
found["link"] = len(urllib.request.urlopen(link).read())
found["location"] = s3.get_bucket_location(Bucket="boto3-bucket")["LocationConstraint"]
found["no key"] = refused(s3.get_object, Bucket="boto3-bucket", Key="none")
found["no head"] = refused(s3.head_object, Bucket="boto3-bucket", Key="none")
found["taken"] = refused(s3.put_object, Bucket="boto3-bucket", Key="large", Body=b"x" * 2_000_000, IfNoneMatch="*")
found["deleted"] = len(s3.delete_objects(Bucket="boto3-bucket", Delete={"Objects": [{"Key": "large"}, {"Key": "n/0 é"}]})["Deleted"])

json.dump(found, sys.stdout)
