"""Asks AWS STS who it is, with boto3's default chain of credential providers, as
often as the second argument says: a line for each answer."""

import sys
import time

import boto3

endpoint, times = sys.argv[1], int(sys.argv[2])
client = boto3.client("sts", endpoint_url=endpoint)
for i in range(times):
    if i > 0:
        time.sleep(1)
    print(client.get_caller_identity()["Arn"], flush=True)
