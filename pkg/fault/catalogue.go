package fault

// The catalogue: every failure a user can meet. A test keeps it in step with the
// headings of docs/troubleshooting.md and with the scripts that produce each code.
const (
	// Input and surroundings, said before any request.
	Input             Code = "AAR-INPUT"
	VariableCollision Code = "AAR-VARIABLE-COLLISION"
	VariableSecret    Code = "AAR-VARIABLE-SECRET"
	SystemEndpoint    Code = "AAR-SYSTEM-ENDPOINT"
	JobTokenMissing   Code = "AAR-JOB-TOKEN"
	ServerUnsupported Code = "AAR-SERVER-UNSUPPORTED"
	HostUntrusted     Code = "AAR-HOST-UNTRUSTED"
	Proxy             Code = "AAR-PROXY"

	// The pipeline's token endpoint.
	OIDCUnauthorized Code = "AAR-OIDC-UNAUTHORIZED"
	OIDCPersonal     Code = "AAR-OIDC-PERSONAL-TOKEN"
	OIDCForbidden    Code = "AAR-OIDC-FORBIDDEN"
	OIDCNotFound     Code = "AAR-OIDC-NOT-FOUND"
	OIDCNoReference  Code = "AAR-OIDC-NO-REFERENCE"
	OIDCDisabled     Code = "AAR-OIDC-CONNECTION-DISABLED"
	OIDCRejected     Code = "AAR-OIDC-REJECTED"
	OIDCSignIn       Code = "AAR-OIDC-SIGN-IN"
	OIDCThrottled    Code = "AAR-OIDC-THROTTLED"
	OIDCUnavailable  Code = "AAR-OIDC-UNAVAILABLE"
	OIDCUnreachable  Code = "AAR-OIDC-UNREACHABLE"
	OIDCPlanSecurity Code = "AAR-OIDC-PLAN-SECURITY"
	OIDCEmptyToken   Code = "AAR-OIDC-EMPTY-TOKEN"
	OIDCResponse     Code = "AAR-OIDC-RESPONSE"

	// The token itself.
	TokenMalformed   Code = "AAR-TOKEN-MALFORMED"
	IdentityMismatch Code = "AAR-IDENTITY-MISMATCH"
	ClaimMismatch    Code = "AAR-CLAIM-MISMATCH"

	// The exchange at Microsoft Entra.
	EntraIssuer           Code = "AAR-ENTRA-ISSUER"
	EntraSubject          Code = "AAR-ENTRA-SUBJECT"
	EntraAudience         Code = "AAR-ENTRA-AUDIENCE"
	EntraAssertionExpired Code = "AAR-ENTRA-ASSERTION-EXPIRED"
	EntraNoCredential     Code = "AAR-ENTRA-NO-CREDENTIAL"
	EntraMultiTenant      Code = "AAR-ENTRA-MULTI-TENANT"
	EntraResource         Code = "AAR-ENTRA-RESOURCE"
	EntraClient           Code = "AAR-ENTRA-CLIENT"
	EntraRejected         Code = "AAR-ENTRA-REJECTED"
	EntraThrottled        Code = "AAR-ENTRA-THROTTLED"
	EntraUnavailable      Code = "AAR-ENTRA-UNAVAILABLE"
	EntraUnreachable      Code = "AAR-ENTRA-UNREACHABLE"
	EntraResponse         Code = "AAR-ENTRA-RESPONSE"

	// AWS STS.
	STSAccessDenied   Code = "AAR-STS-ACCESS-DENIED"
	STSNoProvider     Code = "AAR-STS-NO-PROVIDER"
	STSAudience       Code = "AAR-STS-AUDIENCE"
	STSKeyRetrieval   Code = "AAR-STS-KEY-RETRIEVAL"
	STSThumbprint     Code = "AAR-STS-THUMBPRINT"
	STSInvalidToken   Code = "AAR-STS-INVALID-TOKEN"
	STSTokenExpired   Code = "AAR-STS-TOKEN-EXPIRED"
	STSIDPConnection  Code = "AAR-STS-IDP-COMMUNICATION"
	STSIDPRejected    Code = "AAR-STS-IDP-REJECTED"
	STSPolicy         Code = "AAR-STS-SESSION-POLICY"
	STSTags           Code = "AAR-STS-SESSION-TAGS"
	STSRegionDisabled Code = "AAR-STS-REGION-DISABLED"
	STSDuration       Code = "AAR-STS-DURATION"
	STSValidation     Code = "AAR-STS-VALIDATION"
	STSThrottled      Code = "AAR-STS-THROTTLED"
	STSUnavailable    Code = "AAR-STS-UNAVAILABLE"
	STSUnreachable    Code = "AAR-STS-UNREACHABLE"
	STSResponse       Code = "AAR-STS-RESPONSE"
	STSRejected       Code = "AAR-STS-REJECTED"
	ChainDenied       Code = "AAR-CHAIN-ACCESS-DENIED"
	AccountMismatch   Code = "AAR-ACCOUNT-MISMATCH"

	// The profile that later steps use.
	ProfilePath    Code = "AAR-PROFILE-PATH"
	ProfileNoExec  Code = "AAR-PROFILE-NOEXEC"
	ProfileState   Code = "AAR-PROFILE-STATE"
	ProfileBusy    Code = "AAR-PROFILE-BUSY"
	ProfileWrite   Code = "AAR-PROFILE-WRITE"
	Clock          Code = "AAR-CLOCK"
	ProfileCleanup Code = "AAR-PROFILE-CLEANUP"

	// The step as a whole.
	Timeout  Code = "AAR-TIMEOUT"
	Canceled Code = "AAR-CANCELED"
	Export   Code = "AAR-EXPORT"
	Internal Code = "AAR-INTERNAL"

	// Said by the commands that people run.
	Command Code = "AAR-COMMAND"

	// Said by the launcher, task/index.js, when the program could not say it itself.
	ShimPlatform Code = "AAR-SHIM-PLATFORM"
	ShimHash     Code = "AAR-SHIM-HASH"
	ShimExec     Code = "AAR-SHIM-EXEC"
	ShimCrash    Code = "AAR-SHIM-CRASH"
	ShimSignal   Code = "AAR-SHIM-SIGNAL"
)

// entry is what a user is told to do about a failure, most likely first, where a
// package has nothing more exact to say.
type entry struct {
	code   Code
	remedy []string
}

// noAnswer is the remedy where a request brought no answer and nothing more exact is known.
var noAnswer = []string{
	"Read the reason in the error: it says how far the request came and what stopped it.",
	"Check firewall, proxy and DNS between the agent and the host that the error names.",
	"For a certificate that is not trusted, give the agent the right CA bundle (./config.sh --sslcacert …).",
}

// catalogue is a list rather than a map: a list of constants costs nothing at
// start, and credential-process starts for every tool.
var catalogue = []entry{
	{Input, []string{"Correct the inputs that the error lists; nothing has been requested or exported."}},
	{VariableSecret, []string{
		"Remove the secret variable from the pipeline's variables and variable groups, or give it another name.",
		"Or use exportAs: variables, which needs none of these names.",
	}},
	{VariableCollision, []string{"Rename the variable that your pipeline defines; the other name belongs to Azure Pipelines."}},
	{SystemEndpoint, []string{"Run the task in an agent job of Azure Pipelines; it cannot run where the agent provides no system connection."}},
	{JobTokenMissing, []string{"Run the task in an agent job of Azure Pipelines; the agent gives every task the job's access token."}},
	{ServerUnsupported, []string{"Use Azure DevOps Services; Azure DevOps Server issues no OIDC tokens to pipelines."}},
	{HostUntrusted, []string{
		"Look for a step or variable that overwrites System.OidcRequestUri or System.CollectionUri and remove it.",
		"If nothing overwrites it, report the host that the error names to the maintainers.",
	}},
	{Proxy, []string{"Correct the proxy settings of the agent (./config.sh --proxyurl …) or the variable HTTPS_PROXY."}},
	{OIDCUnauthorized, []string{"Re-run the job: the job's access token is only valid while the job runs, and this one was not accepted or has expired."}},
	{OIDCPersonal, []string{"Remove what replaces the job's access token: the endpoint takes only the token that Azure Pipelines gives the job."}},
	{OIDCForbidden, []string{"Check that the pipeline is permitted to use the service connection (Project settings, Service connections, Security)."}},
	{OIDCNotFound, []string{
		"Check that the service connection still exists, is shared with this project, and that this pipeline may use it.",
		"Select the connection in this step's own input, so that the stage references it.",
	}},
	{OIDCNoReference, []string{"Name the connection in this step's own service connection input, not in a variable: Azure DevOps requires an explicit reference in the same stage."}},
	{OIDCDisabled, []string{"Re-enable the connection (Project settings, Service connections, the connection's menu); Azure DevOps disables connections that were unused for 100 days."}},
	{OIDCRejected, []string{"Read the service's message in the error; give the ids to support if it does not help."}},
	{OIDCSignIn, []string{
		"Re-run the job: a sign-in page instead of a token means that the job's access token was not accepted.",
		"Check that no proxy or gateway between agent and Azure DevOps answers in its place.",
	}},
	{OIDCThrottled, []string{"Run fewer jobs of this organisation at once, or raise timeoutSeconds above the wait that the service asked for."}},
	{OIDCUnavailable, []string{"Re-run the job later; see https://status.dev.azure.com for an outage.", "Give the ids in the error to Azure DevOps support if it keeps happening."}},
	{OIDCUnreachable, noAnswer},
	{OIDCPlanSecurity, []string{"Re-run the failed stage: Azure DevOps refused its own job token for this plan several times in a row; this is known to be transient."}},
	{OIDCEmptyToken, []string{"Re-run the job; give the ids in the error to Azure DevOps support if it keeps happening."}},
	{OIDCResponse, []string{"Check that no proxy or gateway between agent and Azure DevOps answers in its place."}},
	{TokenMalformed, []string{"Re-run the job; if it keeps happening, give the details in the error to support: the service sent a token that cannot be read."}},
	{IdentityMismatch, []string{
		"Select the service connection itself (its id is sent), not its name in a variable.",
		"Check that connectionType matches the connection that you mean to use.",
	}},
	{ClaimMismatch, []string{"Run the pipeline from the branch, repository or definition that requiredClaims allows.", "Correct requiredClaims if the actual value in the error is the one you meant."}},
	{EntraIssuer, []string{
		"Edit the federated credential of the app or managed identity: its issuer must be exactly the issuer in the error.",
		"First check whether the connection was converted from the Azure DevOps issuer to the Entra issuer: that is the usual cause.",
	}},
	{EntraSubject, []string{"Edit the federated credential of the app or managed identity: its subject must be exactly the subject in the error.", "Wait a minute if the federated credential was created just now."}},
	{EntraAudience, []string{"Set the audience of the federated credential to api://AzureADTokenExchange (the URI, not its GUID)."}},
	{EntraAssertionExpired, []string{"Re-run the job; check that the agent's clock is right."}},
	{EntraNoCredential, []string{"Add a federated credential for this connection to the app or managed identity.", "Wait a minute if it was created just now."}},
	{EntraMultiTenant, []string{"Use a single-tenant app registration or a managed identity: Entra refuses multi-tenant apps here."}},
	{EntraResource, []string{
		"Check entraAudience, and create the service principal of the audience application in this tenant.",
		"Set an Application ID URI on the audience application when entraAudience is an api:// URI.",
	}},
	{EntraClient, []string{"Check that the application id of the connection exists in the tenant that the error names."}},
	{EntraRejected, []string{"Look up the AADSTS code at https://login.microsoftonline.com/error and correct the app registration or its federated credential."}},
	{EntraThrottled, []string{"Run fewer jobs at once, or raise timeoutSeconds above the wait that the service asked for."}},
	{EntraUnavailable, []string{"Re-run the job later; see https://azure.status.microsoft for an outage."}},
	{EntraUnreachable, noAnswer},
	{EntraResponse, []string{"Check that no proxy or gateway between agent and Microsoft Entra answers in its place."}},
	{STSAccessDenied, []string{
		"Check that the role exists under this name in this account.",
		"Compare the role's trust policy with the one in the error; AWS does not say which part differs.",
		"Check that no service control policy denies sts:AssumeRoleWithWebIdentity.",
	}},
	{STSNoProvider, []string{"Create an IAM OIDC identity provider with exactly the URL in the error, in the account of the role."}},
	{STSAudience, []string{"Add the client id in the error to the IAM OIDC identity provider (keep the ids it has)."}},
	{STSKeyRetrieval, []string{
		"Re-run the job: AWS could not fetch the issuer's signing keys in time.",
		"If it keeps happening, check that the provider URL in IAM is the issuer in the error and that its discovery document is public.",
	}},
	{STSThumbprint, []string{
		"Update the thumbprints of the IAM identity provider (aws iam update-open-id-connect-provider-thumbprint): the issuer's certificate has changed since they were set.",
	}},
	{STSInvalidToken, []string{
		"Read AWS's message in the error: it names what it does not accept. Compare it with the issuer, audience and times of the token.",
		"Re-run the job once; a second, fresh token was refused in the same way.",
	}},
	{STSTokenExpired, []string{"Check the agent's clock, then re-run the job; AWS found a freshly issued token expired twice."}},
	{STSIDPConnection, []string{"Re-run the job: AWS could not reach the issuer."}},
	{STSIDPRejected, []string{"Re-run the job; if it keeps happening, the issuer's token is being refused as invalid or revoked: check the connection."}},
	{STSPolicy, []string{"Correct sessionPolicy or sessionPolicyArns as AWS's message in the error says."}},
	{STSTags, []string{"Shorten chainSessionTags: fewer tags, shorter keys and values; AWS's message in the error says how far they exceed the limit."}},
	{STSRegionDisabled, []string{"Choose another region, or activate STS for this region in the account's IAM settings."}},
	{STSDuration, []string{"Lower durationSeconds, or raise the role's maximum session duration; the task never shortens a session by itself."}},
	{STSValidation, []string{"Correct the value that AWS's message names."}},
	{STSThrottled, []string{"Run fewer jobs at once, or re-run later: AWS throttles STS calls of this account."}},
	{STSUnavailable, []string{"Re-run the job later; see https://health.aws.amazon.com for an outage."}},
	{STSUnreachable, noAnswer},
	{STSResponse, []string{"Check that no proxy or gateway between agent and AWS STS answers in its place."}},
	{STSRejected, []string{"Read AWS's message in the error; give the request id to AWS support if it does not help."}},
	{ChainDenied, []string{
		"Allow sts:AssumeRole on the second role in the first role's permissions.",
		"Allow the first role in the second role's trust policy, with sts:TagSession if you set session tags and sts:SetSourceIdentity if you set a source identity. If the policy requires an external ID, chainExternalId must match it.",
	}},
	{AccountMismatch, []string{"Check stsEndpoint and roleArn: the answer was for another account or role, so nothing was exported."}},
	{ProfilePath, []string{"Use exportAs: variables, which needs no files."}},
	{ProfileNoExec, []string{"Use exportAs: variables, which needs no files."}},
	{ProfileState, []string{
		"Use the profile from steps of the same job, as the user who ran the step that wrote it, in the same container or on the same host.",
		"Run the AssumeAwsRole step again, which rewrites the profile.",
	}},
	{ProfileBusy, []string{"Try again; if it keeps happening, look for a process of this job that was stopped in the middle of a renewal, and end it."}},
	{ProfileWrite, []string{"Correct what the error names (a full or read-only file system, a missing permission), or use exportAs: variables."}},
	{Clock, []string{"Set the clock of the agent's machine (NTP)."}},
	{ProfileCleanup, []string{"Delete the directory by hand if the agent does not empty its temp directory before the next job."}},
	{Timeout, []string{"Raise timeoutSeconds, or find out why what the error names is slow."}},
	{Canceled, []string{"Nothing was exported; re-run the job when you want to."}},
	{Export, []string{"Remove the variable DECODE_PERCENTS, or re-run the job: other credentials may not hold such text."}},
	{ShimPlatform, []string{"Run the job on a Linux, Windows or macOS agent on x64 or arm64, with the 64-bit agent installed."}},
	{ShimHash, []string{"Delete the folder of this task below the agent's _work/_tasks, so that the agent downloads it again."}},
	{ShimExec, []string{"Mount the agent's temporary directory without noexec, or make _work/_tasks writable for the agent's user."}},
	{ShimCrash, []string{"Re-run the job; if it fails again, report it to the maintainers with the output of the step."}},
	{ShimSignal, []string{"Check the memory limits and the system log of the agent.", "Raise the timeout of the step if it was too short."}},
	{Internal, []string{"Report this to the maintainers with the details in the error: it is an error in the task itself."}},
	{Command, []string{"Give the command the file itself: a token as the service sent it, or a policy or claims as one JSON document."}},
}

// Remedy is the catalogue's advice for a code.
func Remedy(c Code) []string {
	for _, e := range catalogue {
		if e.code == c {
			return e.remedy
		}
	}
	return nil
}

// Codes lists every code of the catalogue, in its order.
func Codes() []Code {
	codes := make([]Code, len(catalogue))
	for i, e := range catalogue {
		codes[i] = e.code
	}
	return codes
}
