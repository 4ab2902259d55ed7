#!/bin/sh
# Does what a pipeline would do without the task: asks Azure DevOps for the token of a
# service connection with curl and AWS STS for credentials with the AWS CLI, whose path is
# the argument, and sets them as variables of the job.
set -eu
answer=$(curl -sS --fail -X POST -H "Authorization: Bearer $SYSTEM_ACCESSTOKEN" -H 'Content-Type: application/json' -H 'Content-Length: 0' \
  "$SYSTEM_OIDCREQUESTURI?api-version=7.1&serviceConnectionId=$CONNECTION")
token=${answer#*'"oidcToken":"'}
token=${token%%'"'*}
# Old versions do not read AWS_ENDPOINT_URL_STS.
credentials=$(printf %s "$token" | "$1" sts assume-role-with-web-identity --role-arn "$ROLE_ARN" --role-session-name bench \
  --web-identity-token file:///dev/stdin --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text \
  ${AWS_ENDPOINT_URL_STS:+--endpoint-url "$AWS_ENDPOINT_URL_STS"})
# shellcheck disable=SC2086 # three words, none holds a blank
set -- $credentials
for name in AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN; do
  printf '##vso[task.setvariable variable=%s;issecret=true]%s\n' "$name" "$1"
  shift
done
