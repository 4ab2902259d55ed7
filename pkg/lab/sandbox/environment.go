package sandbox

import (
	"maps"
	"slices"
	"strings"
)

// EnvOptions choose how a task is to reach the stand-ins.
type EnvOptions struct {
	// TLS names the services by their real host names, reached through the proxy
	// and trusted by the sandbox's authority; otherwise plain http on loopback.
	TLS bool
	// LoopbackTLS names the services by their addresses on loopback over TLS, without
	// the proxy, and trusts the sandbox's authority.
	LoopbackTLS bool
	// Proxy sets the proxy and the authority, which the Entra stand-in needs, also
	// without TLS.
	Proxy bool
	// Metadata points clients that look for instance or container credentials to the
	// metadata stand-in, to show that none does.
	Metadata bool
	// TempDirectory is AGENT_TEMPDIRECTORY; empty leaves it out.
	TempDirectory string
}

// Environment is what an agent would put into the environment of a task of this
// job: system endpoint, every service connection, predefined variables
// (microsoft/azure-pipelines-agent src/Agent.Worker/Handlers/Handler.cs), plus
// INPUT_STSENDPOINT for the STS on loopback.
func (s *Sandbox) Environment(o EnvOptions) map[string]string {
	env := s.variables(s.collection(o))
	s.systemEndpoint(env, s.collection(o))
	for _, conn := range s.cfg.Connections {
		s.endpoint(env, conn)
	}
	switch {
	case o.LoopbackTLS:
		env["INPUT_STSENDPOINT"], env["AGENT_CAINFO"] = s.STSTLSURL, s.CAFile
	case !o.TLS:
		env["INPUT_STSENDPOINT"] = s.STSURL
	}
	if o.TLS || o.Proxy {
		env["AGENT_PROXYURL"], env["AGENT_CAINFO"] = s.ProxyURL, s.CAFile
		if p := s.cfg.Proxy; p.Username != "" {
			env["AGENT_PROXYUSERNAME"], env["SECRET_AGENT_PROXYPASSWORD"] = p.Username, p.Password
		}
	}
	if o.Metadata {
		env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = s.MetadataURL
		env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = s.MetadataURL + "/container"
	}
	if o.TempDirectory != "" {
		env["AGENT_TEMPDIRECTORY"] = o.TempDirectory
	}
	return env
}

func (s *Sandbox) collection(o EnvOptions) string {
	switch {
	case o.TLS:
		return "https://dev.azure.com/" + s.cfg.Organisation.Name + "/"
	case o.LoopbackTLS:
		return s.ADOTLSURL
	}
	return s.ADOURL
}

func (s *Sandbox) variables(collection string) map[string]string {
	c, p := s.cfg, s.cfg.Pipeline
	env := map[string]string{
		"SYSTEM_COLLECTIONURI": collection, "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI": collection,
		"SYSTEM_TEAMFOUNDATIONSERVERURI": collection, "SYSTEM_COLLECTIONID": c.Organisation.ID,
		"SYSTEM_OIDCREQUESTURI": collection + s.tokenPath(), "SYSTEM_SERVERTYPE": "Hosted",
		"SYSTEM_TEAMPROJECT": c.Project.Name, "SYSTEM_TEAMPROJECTID": c.Project.ID,
		"SYSTEM_HOSTTYPE": s.hub(), "SYSTEM_PLANID": p.PlanID, "SYSTEM_JOBID": p.JobID,
		"SYSTEM_DEFINITIONID": p.DefinitionID, "SYSTEM_STAGENAME": p.Stage, "TF_BUILD": "True",
	}
	if p.HostType != "" {
		env["SYSTEM_HOSTTYPE"] = p.HostType
	}
	switch p.HostType {
	case "release", "deployment":
		env["RELEASE_RELEASEID"], env["RELEASE_DEFINITIONNAME"] = p.RunID, p.Name
		env["RELEASE_ENVIRONMENTNAME"] = p.Stage
		delete(env, "SYSTEM_STAGENAME")
	default:
		env["BUILD_BUILDID"], env["BUILD_DEFINITIONNAME"] = p.RunID, p.Name
	}
	return env
}

func (s *Sandbox) systemEndpoint(env map[string]string, collection string) {
	env["ENDPOINT_URL_SYSTEMVSSCONNECTION"] = collection
	env["ENDPOINT_AUTH_SCHEME_SYSTEMVSSCONNECTION"] = "OAuth"
	env["ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN"] = s.JobToken
	env["ENDPOINT_AUTH_SYSTEMVSSCONNECTION"] = string(encode(map[string]any{
		"parameters": map[string]string{"AccessToken": s.JobToken}, "scheme": "OAuth",
	}))
}

// Endpoint is the environment of one service connection, as the agent sets it
// for a task that names the connection as an input.
func (s *Sandbox) Endpoint(conn Connection) map[string]string {
	env := map[string]string{}
	s.endpoint(env, conn)
	return env
}

func (s *Sandbox) endpoint(env map[string]string, conn Connection) {
	id := strings.ToLower(conn.ID)
	data, parameters := maps.Clone(conn.Data), maps.Clone(conn.Parameters)
	if data == nil {
		data = map[string]string{}
	}
	if parameters == nil {
		parameters = map[string]string{}
	}
	url, scheme := "https://aws.amazon.com/", "None"
	switch conn.Kind {
	case AWSOIDC:
	case AWSToolkit:
		scheme = "UsernamePassword"
	case AzureResourceManager, AzureDevOps:
		url, scheme = "https://management.azure.com/", "WorkloadIdentityFederation"
		s.federation(conn, data, parameters)
	}
	env["ENDPOINT_URL_"+id], env["ENDPOINT_AUTH_SCHEME_"+id] = url, scheme
	env["ENDPOINT_AUTH_"+id] = string(encode(map[string]any{"parameters": parameters, "scheme": scheme}))
	env["ENDPOINT_DATA_"+id] = string(encode(data))
	for name, value := range data {
		env["ENDPOINT_DATA_"+id+"_"+variableName(name)] = value
	}
	for name, value := range parameters {
		env["ENDPOINT_AUTH_PARAMETER_"+id+"_"+variableName(name)] = value
	}
}

// federation adds what an Azure connection carries, unless it is configured.
func (s *Sandbox) federation(conn Connection, data, parameters map[string]string) {
	preset := func(m map[string]string, name, value string) {
		if _, ok := m[name]; !ok {
			m[name] = value
		}
	}
	preset(parameters, "tenantid", conn.TenantID)
	preset(parameters, "serviceprincipalid", conn.ClientID)
	preset(parameters, "workloadIdentityFederationIssuer", s.cfg.issuerOf(conn))
	preset(parameters, "workloadIdentityFederationSubject", s.cfg.subjectOf(conn))
	if conn.EntraIssuer {
		preset(parameters, "workloadIdentityFederationIssuerType", "EntraID")
	}
	if conn.Kind == AzureResourceManager {
		preset(data, "environment", "AzureCloud")
	}
}

// variableName turns a parameter's name into its part of a variable's name.
func variableName(name string) string {
	return strings.ToUpper(strings.NewReplacer(".", "_", " ", "_").Replace(name))
}

// exports prints an environment as shell commands, sorted.
func exports(env map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if strings.ContainsAny(name, "-") {
			continue // no shell can hold it; --env-file has it
		}
		b.WriteString("export " + name + "=" + quote(env[name]) + "\n")
	}
	return b.String()
}

// quote quotes a value for any POSIX shell.
func quote(value string) string { return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'" }
