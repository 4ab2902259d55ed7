// Asks AWS STS who it is, with the SDK's default chain of credential providers, as
// often as the second argument says: a line for each answer.
import { setTimeout } from "node:timers/promises";
import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";

const [endpoint, times] = process.argv.slice(2);
const client = new STSClient({ endpoint });
for (let i = 0; i < Number(times); i++) {
  if (i > 0) await setTimeout(1000);
  const { Arn } = await client.send(new GetCallerIdentityCommand({}));
  console.log(Arn);
}
