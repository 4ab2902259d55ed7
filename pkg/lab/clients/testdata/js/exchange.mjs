// Does what a pipeline would do without the task: asks Azure DevOps for the token of a
// service connection and AWS STS for credentials, and sets them as variables of the job.
import { STSClient, AssumeRoleWithWebIdentityCommand } from "@aws-sdk/client-sts";

const { SYSTEM_OIDCREQUESTURI, SYSTEM_ACCESSTOKEN, CONNECTION, ROLE_ARN } = process.env;
const response = await fetch(`${SYSTEM_OIDCREQUESTURI}?api-version=7.1&serviceConnectionId=${CONNECTION}`, {
  method: "POST",
  headers: { Authorization: `Bearer ${SYSTEM_ACCESSTOKEN}`, "Content-Type": "application/json" },
});
const { oidcToken } = await response.json();
const { Credentials } = await new STSClient({}).send(new AssumeRoleWithWebIdentityCommand({
  RoleArn: ROLE_ARN, RoleSessionName: "bench", WebIdentityToken: oidcToken,
}));
for (const [name, value] of Object.entries({
  AWS_ACCESS_KEY_ID: Credentials.AccessKeyId, AWS_SECRET_ACCESS_KEY: Credentials.SecretAccessKey, AWS_SESSION_TOKEN: Credentials.SessionToken,
})) console.log(`##vso[task.setvariable variable=${name};issecret=true]${value}`);
