package reliability

import (
	"strings"

	"github.com/assume-aws-role/assume-aws-role/pkg/lab/sandbox"
)

// leg is one of the requests that a step makes.
type leg struct {
	name string
	// host is the leg of the stand-in, and action the STS action that a fault is for.
	host, action string
	inputs       map[string]string
	// connection is the service connection of the step.
	connection string
}

const secondRole = "arn:aws:iam::111122223333:role/second"

var legs = []leg{
	{"Azure DevOps", sandbox.LegADO, "", nil, "aws-prod"},
	{"Entra", sandbox.LegEntra, "", map[string]string{"entraAudience": "api://aws-sts-federation"}, "azure-prod"},
	{"STS, first role", sandbox.LegSTS, "AssumeRoleWithWebIdentity", nil, "aws-prod"},
	{"STS, second role", sandbox.LegSTS, "AssumeRole", map[string]string{"chainRoleArn": secondRole}, "aws-prod"},
}

// row is one thing that goes wrong on one leg.
type row struct {
	leg  leg
	what string // as the table says it
	// faults are those of the stand-ins.
	faults []string
	// noProxyUser leaves out the proxy's user and password.
	noProxyUser bool
	// noAuthority leaves AGENT_CAINFO out.
	noAuthority bool
	// hosts is the /etc/hosts of a mount namespace without DNS and without the proxy.
	hosts string
}

// fault is something that the stand-ins can do on a leg; LEG stands for it.
type fault struct{ what, text string }

// inAnswers are faults of every leg that show when a request has been sent.
var inAnswers = []fault{
	{"connection reset when the request is taken", "LEG:break=request-reset"},
	{"connection closed when the request is taken", "LEG:break=request-close"},
	{"half-closed when the request is taken", "LEG:break=request-half"},
	{"TLS ended when the request is taken", "LEG:break=request-notify"},
	{"garbage instead of an answer", "LEG:break=request-garbage"},
	{"silence after the request", "LEG:break=request-silence"},
	{"reset in the header", "LEG:break=header-reset"},
	{"closed in the header", "LEG:break=header-close"},
	{"half-closed in the header", "LEG:break=header-half"},
	{"silence in the header", "LEG:break=header-silence"},
	{"reset in the body", "LEG:break=body-reset"},
	{"closed in the body", "LEG:break=body-close"},
	{"half-closed in the body", "LEG:break=body-half"},
	{"TLS ended in the body", "LEG:break=body-notify"},
	{"garbage in the body", "LEG:break=body-garbage"},
	{"silence in the body", "LEG:break=body-silence"},
	{"slow drip, a byte each 0.1 s", "LEG:drip"},
	{"reset once, then well", "LEG:break=body-reset,times=1"},
	{"400", "LEG:status=400"},
	{"401", "LEG:status=401"},
	{"403", "LEG:status=403"},
	{"404", "LEG:status=404"},
	{"408", "LEG:status=408"},
	{"429", "LEG:status=429"},
	{"429, Retry-After 1", "LEG:status=429,retryAfter=1"},
	{"429, Retry-After as a date", "LEG:status=429,retryAfter=date:2"},
	{"429, Retry-After 60", "LEG:status=429,retryAfter=60"},
	{"500", "LEG:status=500"},
	{"502", "LEG:status=502"},
	{"503", "LEG:status=503"},
	{"503, Retry-After 60", "LEG:status=503,retryAfter=60"},
	{"503 once, then well", "LEG:status=503,times=1"},
	{"504", "LEG:status=504"},
	{"HTML with status 200", "LEG:html,status=200"},
	{"HTML with status 403", "LEG:html,status=403"},
	{"HTML with status 503", "LEG:html,status=503"},
	{"Content-Type text/plain", "LEG:type=text/plain"},
	{"Content-Type text/html", "LEG:type=text/html"},
	{"truncated document", "LEG:truncated"},
	{"truncated document without a length", "LEG:truncated,untilClosed"},
	{"whole document without a length", "LEG:untilClosed"},
	{"empty token or body", "LEG:empty"},
	{"answer without its fields", "LEG:half"},
	{"oversized, 64 MiB", "LEG:huge"},
	{"header of 1 MiB", "LEG:bigHeader=1048576"},
	{"redirect on the host", "LEG:redirect"},
	{"redirect to another host", "LEG:redirect=https://evil.example/"},
	{"redirect 307", "LEG:redirect,status=307"},
	{"error full of logging commands", "LEG:inject"},
	{"error that echoes the secret, whole", "LEG:echo=whole"},
	{"error that echoes the secret, cut", "LEG:echo=cut"},
	{"error that echoes the secret, spaced", "LEG:echo=spaced"},
	{"error that echoes the secret, wrapped", "LEG:echo=wrapped"},
}

// beforeRequests are faults that show before the first request of a connection; the
// second role uses the connection of the first.
var beforeRequests = []fault{
	{"proxy refuses, 403", "proxy:status=403,for=LEG"},
	{"proxy does not accept user and password, 407", "proxy:status=407,for=LEG"},
	{"proxy is too busy, 429", "proxy:status=429,for=LEG"},
	{"proxy cannot connect, 502", "proxy:status=502,for=LEG"},
	{"proxy is unavailable, 503", "proxy:status=503,for=LEG"},
	{"proxy gets no answer, 504", "proxy:status=504,for=LEG"},
	{"proxy answers with what is none", "proxy:malformed,for=LEG"},
	{"proxy resets", "proxy:break=request-reset,for=LEG"},
	{"proxy closes in its answer", "proxy:break=header-close,for=LEG"},
	{"proxy is silent", "proxy:break=request-silence,for=LEG"},
	{"certificate of an unknown authority", "LEG:cert=unknown"},
	{"certificate for another name", "LEG:cert=name"},
	{"certificate that has expired", "LEG:cert=expired"},
	{"reset in the TLS handshake", "LEG:break=connect-reset"},
	{"closed in the TLS handshake", "LEG:break=connect-close"},
	{"half-closed in the TLS handshake", "LEG:break=connect-half"},
	{"TLS alert handshake_failure", "LEG:break=connect-alert"},
	{"TLS alert internal_error", "LEG:break=connect-internal"},
	{"no TLS but something else", "LEG:break=connect-garbage"},
	{"silence in the TLS handshake", "LEG:break=connect-silence"},
	{"reset in the handshake once, then well", "LEG:break=connect-reset,times=1"},
}

// ofOneLeg are what one service says of its own.
var ofOneLeg = map[string][]fault{
	"Azure DevOps": {
		{"TaskOrchestrationPlanSecurityException", "LEG:planSecurity"},
		{"TaskOrchestrationPlanSecurityException once, then well", "LEG:planSecurity,times=1"},
		{"no explicit reference to the connection", "LEG:noReference"},
		{"token null", "LEG:null"},
	},
	"Entra": {
		{"AADSTS700211, issuer", "LEG:code=700211,status=400"},
		{"AADSTS700213, subject", "LEG:code=700213,status=400"},
		{"AADSTS700024, assertion expired", "LEG:code=700024,status=401"},
		{"AADSTS500011, audience", "LEG:code=500011,status=400"},
		{"AADSTS700016, client", "LEG:code=700016,status=400"},
		{"AADSTS70052, multi-tenant", "LEG:code=70052,status=400"},
	},
	"STS, first role": {
		{"AccessDenied", "LEG:code=AccessDenied,status=403"},
		{"no identity provider", "LEG:code=InvalidIdentityToken,message=No OpenIDConnect provider found in your account for x"},
		{"wrong audience", "LEG:code=InvalidIdentityToken,message=Incorrect token audience"},
		{"key retrieval", "LEG:code=InvalidIdentityToken,message=Couldn't retrieve verification key from your identity provider"},
		{"thumbprint", "LEG:code=InvalidIdentityToken,message=OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"},
		{"InvalidIdentityToken, another text", "LEG:code=InvalidIdentityToken"},
		{"ExpiredTokenException", "LEG:code=ExpiredTokenException"},
		{"ExpiredTokenException once, then well", "LEG:code=ExpiredTokenException,times=1"},
		{"IDPCommunicationError", "LEG:code=IDPCommunicationError"},
		{"IDPRejectedClaim", "LEG:code=IDPRejectedClaim,status=403"},
		{"Throttling", "LEG:code=Throttling"},
		{"RegionDisabledException", "LEG:code=RegionDisabledException,status=403"},
		{"credentials for another account", "LEG:wrongAccount"},
		{"credentials for another role", "LEG:wrongRole"},
	},
	"STS, second role": {
		{"AccessDenied", "LEG:code=AccessDenied,status=403"},
		{"PackedPolicyTooLarge, session tags", "LEG:code=PackedPolicyTooLarge,message=Packed size of session tags consumes 128% of allotted space."},
		{"ExpiredToken", "LEG:code=ExpiredToken,status=403"},
		{"Throttling", "LEG:code=Throttling"},
		{"credentials for another account", "LEG:wrongAccount"},
		{"credentials for another role", "LEG:wrongRole"},
	},
}

// on makes a row of a fault on a leg.
func (f fault) on(l leg) row {
	text := strings.ReplaceAll(f.text, "LEG", l.host)
	if l.action != "" && !strings.Contains(text, "break=connect") && !strings.Contains(text, "cert=") && !strings.HasPrefix(text, "proxy") {
		text += ",action=" + l.action
	}
	return row{leg: l, what: f.what, faults: []string{text}}
}

// rows are all of the table, in its order.
func rows() []row {
	var all []row
	for _, l := range legs {
		if l.action != "AssumeRole" {
			all = append(all, connections(l)...)
			for _, f := range beforeRequests {
				all = append(all, f.on(l))
			}
		}
		for _, f := range append(inAnswers[:len(inAnswers):len(inAnswers)], ofOneLeg[l.name]...) {
			all = append(all, f.on(l))
		}
	}
	return all
}

// connections are rows about names, addresses, the proxy's user and the agent's bundle.
func connections(l leg) []row {
	const nobody = "127.66.66.66 dev.azure.com login.microsoftonline.com sts.eu-west-1.amazonaws.com\n"
	all := []row{
		{leg: l, what: "name not resolved", hosts: "127.0.0.1 localhost\n"},
		{leg: l, what: "connection refused", hosts: nobody},
	}
	if l.host == sandbox.LegADO {
		all = append(all,
			row{leg: l, what: "proxy asks for user and password, 407", noProxyUser: true},
			row{leg: l, what: "authority of a proxy that opens TLS not given to the agent", noAuthority: true})
	}
	return all
}
