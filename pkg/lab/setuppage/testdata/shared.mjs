// What the steps of the set-up page's tests share.
export const orgID = "0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13";
export const otherID = "99999999-3d1b-4e6a-9b7e-5c2d41a09f13";
export const tenant = "7d1c9a34-5b2e-4f60-8a91-e3c0b6d2f587";
export const connectionID = "3b9e5d70-1c4f-4a86-b2d3-8f60e7a1c954";
export const connectionPage = (org) => `https://dev.azure.com/${org}/S%C3%A3o%20Paulo/_settings/adminservices?resourceId=${connectionID}`;
const roleARN = "arn:aws:iam::111122223333:role/team/deploy";

export const denial = { iss: "https://vstoken.dev.azure.com/" + orgID, sub: "sc://contoso-eng/payments/aws-prod", aud: "api://AzureADTokenExchange", role: "arn:aws:iam::111122223333:role/deploy", code: "AAR-STS-ACCESS-DENIED" };
export const claimsOf = ({ iss, sub, aud }) => JSON.stringify({ iss, sub, aud });
export const link = (d) => "#denial=" + Buffer.from(JSON.stringify(d)).toString("base64url");

/** The policy of a role that trusts a project with a capital letter, and any audience. */
const provider = "vstoken.dev.azure.com/" + orgID;
export const wrongPolicy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{
    Sid: "Deploy", Effect: "Allow", Principal: { Federated: "arn:aws:iam::111122223333:oidc-provider/" + provider },
    Action: "sts:AssumeRoleWithWebIdentity", Condition: { StringEquals: { [provider + ":sub"]: "sc://contoso-eng/Payments/aws-prod" } },
  }],
}, null, 2);

export const fillSetUp = async (frame) => {
  await frame.fill("#connection", "aws-prod");
  await frame.fill("#account", roleARN);
  await frame.fill("#region", "eu-west-1");
};
/** Puts a long text into a field at once; typing it takes the browser a second. */
export const paste = (frame, selector, value) => frame.$eval(selector, (field, value) => {
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}, value);
export const openDenied = (frame) => frame.click("#tab-denied");
export const text = (frame, selector) => frame.textContent(selector);
export const visible = (frame, selector) => frame.isVisible(selector);
export const markedFields = (frame) => frame.$$eval("[aria-invalid=true]", (all) => all.map((e) => e.id));
export const messages = (frame) => frame.$$eval(".error", (all) => all.filter((e) => e.textContent).map((e) => e.textContent));
export const selected = (frame) => frame.evaluate(() => getSelection().toString());
export const overflowing = (frame) => frame.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** What axe finds in the frame. The page of the host is not ours. */
export async function axeFindings({ axe }, frame) {
  await frame.evaluate(axe);
  const { violations } = await frame.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
}
