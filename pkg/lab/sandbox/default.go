package sandbox

import (
	"encoding/json"
	"strings"
)

// Identifiers of the default world. The two Microsoft ones are real: Azure
// DevOps' own application, and the resource behind api://AzureADTokenExchange.
const (
	azureDevOpsApp        = "499b84ac-1321-427f-aa17-267ca6975798"
	tokenExchangeResource = "fb60f99c-7a34-4190-8149-302f77469936"
	tokenExchangeURI      = "api://AzureADTokenExchange"

	defaultOrgID    = "0f8a7c52-3d1b-4e6a-9b7e-5c2d41a09f13"
	defaultTenant   = "7d1c9a34-5b2e-4f60-8a91-e3c0b6d2f587"
	govTenant       = "a4f1c05e-2d98-4b67-8e3a-91d7b6c20f58"
	chinaTenant     = "f25d8b90-7c3e-4a16-b9d4-6e08a1c73d95"
	defaultCaller   = "91e4b7c0-2f3d-4a58-96bc-d07f5e8a1234"
	defaultObject   = "c2a8f613-7e50-4d9b-8a3c-16b4d9f0e725"
	defaultAudience = "58f2d6a9-0c7e-4b13-a5d4-e91b3c8f6072"
	defaultAccount  = "111122223333"
)

// Default is the world of the demo: organisation contoso-eng, project payments,
// one connection of every kind, and account 111122223333 with the role deploy
// that all of them and the pipeline may assume, plus roles for the other paths.
func Default() Config { return defaultWorld().derive() }

func defaultWorld() Config {
	return Config{
		Organisation: Named{"contoso-eng", defaultOrgID},
		Project:      Named{"payments", "6a2f0d1e-74c9-4b53-8f0a-2e9d6c3b7a58"},
		Pipeline:     defaultPipeline(),
		Connections:  defaultConnections(),
		Audiences: []AudienceApp{
			{defaultTenant, defaultAudience, "api://aws-sts-federation", 2},
			{govTenant, defaultAudience, "api://aws-sts-federation", 2},
			{chinaTenant, defaultAudience, "api://aws-sts-federation", 2},
			{defaultTenant, "2b7f40ce-96d1-4c05-b1a8-7e30d95c84af", "api://aws-sts-federation-v1", 1},
		},
	}
}

func defaultPipeline() Pipeline {
	return Pipeline{
		Name: "deploy-infra", DefinitionID: "42", RunID: "98765", HostType: "build",
		PlanID: "d2c4b6a8-0f1e-4d3c-8b5a-697887a6b5c4", JobID: "12f1170f-54f2-53f3-20dd-22fc7dff55f9",
		Stage: "production", RepositoryID: "contoso-eng/infra",
		RepositoryURI: "https://github.com/contoso-eng/infra.git",
		Commit:        "8d1f0c7b6a5e4d3c2b1a09f8e7d6c5b4a3928170", Ref: "refs/heads/main",
	}
}

func defaultConnections() []Connection {
	entra := func(id, name string, kind ConnectionKind, modern bool) Connection {
		return Connection{
			Named: Named{name, id}, Kind: kind, EntraIssuer: modern,
			TenantID: defaultTenant, ClientID: defaultCaller, ObjectID: defaultObject,
		}
	}
	sovereign := func(id, name, environment, tenant string) Connection {
		conn := entra(id, name, AzureResourceManager, false)
		conn.TenantID, conn.Data = tenant, map[string]string{"environment": environment}
		return conn
	}
	return []Connection{
		{Named: Named{"aws-prod", "5f0e6c1a-7d34-4b92-9e81-c40a2f6b8d17"}, Kind: AWSOIDC},
		{
			Named: Named{"aws-pinned", "8c3d1e27-4a96-4f05-b7d2-1e9f60a5c483"}, Kind: AWSOIDC,
			Data: map[string]string{"roleArn": roleARN("deploy"), "region": "eu-west-1"},
		},
		{
			Named: Named{"aws-toolkit", "a17b52e0-93c8-4d6f-8e04-5b2c7f91d3a6"}, Kind: AWSToolkit,
			Parameters: map[string]string{"username": "", "password": "", "assumeRoleArn": roleARN("deploy")},
		},
		entra("3b9e5d70-1c4f-4a86-b2d3-8f60e7a1c954", "azure-prod", AzureResourceManager, true),
		entra("d48a1f6b-2e70-4c95-a3b8-6c0d9e57f214", "azure-old", AzureResourceManager, false),
		sovereign("b90c4e18-63fa-4d27-85b1-2c7d0e9fa436", "azure-gov", "AzureUSGovernment", govTenant),
		sovereign("0d7be5a2-19f4-4c83-96ea-b3508d1c7f42", "azure-china", "AzureChinaCloud", chinaTenant),
		entra("e6025b9d-78c1-4f3a-9d46-0ab3c51e8f72", "ado-prod", AzureDevOps, true),
		{Named: Named{"aws-disabled", "1c9d7e40-5b82-4a36-8f1e-93d0c6a7b254"}, Kind: AWSOIDC, Disabled: true},
		{Named: Named{"aws-elsewhere", "7ea4c3b1-06d9-4e58-b2f7-d81a50c69e3f"}, Kind: AWSOIDC, Unreferenced: true},
	}
}

func roleARN(name string) string { return "arn:aws:iam::" + defaultAccount + ":role/" + name }

func (c Config) defaultAccount() Account {
	vstoken, entra, windows := c.vstokenIssuer(), entraIssuer(defaultTenant), windowsIssuer(defaultTenant)
	statements := []any{c.trusts(vstoken, tokenExchangeURI, c.pipelineSubject())}
	for _, conn := range c.Connections {
		audience := tokenExchangeURI
		if conn.EntraIssuer {
			audience = azureDevOpsApp
		}
		statements = append(statements, c.trusts(c.issuerOf(conn), audience, c.subjectOf(conn)))
	}
	gov, china := entraIssuerAt("login.microsoftonline.us", govTenant), entraIssuerAt("login.partner.microsoftonline.cn", chinaTenant)
	statements = append(statements,
		c.trusts(gov, defaultCaller, defaultObject), c.trusts(china, defaultCaller, defaultObject),
		c.trusts(entra, defaultCaller, defaultObject),
		c.trusts(windows, "api://aws-sts-federation-v1", defaultObject))
	return Account{
		ID: defaultAccount,
		Providers: []OIDCProvider{
			{vstoken, []string{tokenExchangeURI}},
			{entra, []string{azureDevOpsApp, tokenExchangeResource, tokenExchangeURI, defaultCaller}},
			{gov, []string{defaultCaller}},
			{china, []string{defaultCaller}},
			{windows, []string{"api://aws-sts-federation-v1"}},
		},
		Roles: []Role{
			{ARN: roleARN("deploy"), TrustPolicy: policy(statements...), MaxSessionDuration: 43200},
			{ARN: roleARN("short"), TrustPolicy: policy(statements...)},
			{ARN: roleARN("teams/path/nested"), TrustPolicy: policy(statements...)},
			{ARN: roleARN("denied"), TrustPolicy: policy(c.trusts(vstoken, tokenExchangeURI, "sc://contoso-eng/payments/somebody-else"))},
			{ARN: roleARN("second"), TrustPolicy: policy(trustsRole(roleARN("deploy"), nil, "sts:TagSession", "sts:SetSourceIdentity"))},
			{ARN: roleARN("second-external"), TrustPolicy: policy(trustsRole(roleARN("deploy"),
				map[string]any{"StringEquals": map[string]any{"sts:ExternalId": "contoso-42"}}))},
		},
	}
}

// trusts is the statement that lets one subject of one issuer in.
func (c Config) trusts(issuer, audience, subject string) map[string]any {
	provider := strings.TrimPrefix(issuer, "https://")
	return map[string]any{
		"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
		"Principal": map[string]any{"Federated": "arn:aws:iam::" + defaultAccount + ":oidc-provider/" + provider},
		"Condition": map[string]any{"StringEquals": map[string]any{provider + ":aud": audience, provider + ":sub": subject}},
	}
}

func trustsRole(arn string, condition map[string]any, more ...string) map[string]any {
	statement := map[string]any{
		"Effect": "Allow", "Action": append([]string{"sts:AssumeRole"}, more...),
		"Principal": map[string]any{"AWS": arn},
	}
	if condition != nil {
		statement["Condition"] = condition
	}
	return statement
}

func policy(statements ...any) json.RawMessage {
	doc, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		panic(err) // maps of strings always marshal
	}
	return doc
}
