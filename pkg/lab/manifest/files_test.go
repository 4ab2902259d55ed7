package manifest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

var root = filepath.Join("..", "..", "..")

type task struct {
	ID                  string                                    `json:"id"`
	Name                string                                    `json:"name"`
	FriendlyName        string                                    `json:"friendlyName"`
	Description         string                                    `json:"description"`
	Author              string                                    `json:"author"`
	HelpURL             string                                    `json:"helpUrl"`
	HelpMarkDown        string                                    `json:"helpMarkDown"`
	Category            string                                    `json:"category"`
	Visibility          []string                                  `json:"visibility"`
	RunsOn              []string                                  `json:"runsOn"`
	Demands             []string                                  `json:"demands"`
	MinimumAgentVersion string                                    `json:"minimumAgentVersion"`
	ReleaseNotes        string                                    `json:"releaseNotes"`
	InstanceNameFormat  string                                    `json:"instanceNameFormat"`
	ShowEnvironment     bool                                      `json:"showEnvironmentVariables"`
	Version             struct{ Major, Minor, Patch json.Number } `json:"version"`
	Groups              []group                                   `json:"groups"`
	Inputs              []input                                   `json:"inputs"`
	OutputVariables     []outputVariable                          `json:"outputVariables"`
	Execution           map[string]handler                        `json:"execution"`
	PostJobExecution    map[string]handler                        `json:"postjobexecution"`
	PreJobExecution     map[string]handler                        `json:"prejobexecution"`
	Restrictions        restrictions                              `json:"restrictions"`
	Schema              string                                    `json:"$schema"`
}

type (
	group struct {
		Name        string `json:"name"`
		DisplayName string `json:"displayName"`
		IsExpanded  bool   `json:"isExpanded"`
	}
	input struct {
		Name         string            `json:"name"`
		Aliases      []string          `json:"aliases"`
		Type         string            `json:"type"`
		Label        string            `json:"label"`
		DefaultValue string            `json:"defaultValue"`
		Required     bool              `json:"required"`
		GroupName    string            `json:"groupName"`
		VisibleRule  string            `json:"visibleRule"`
		HelpMarkDown string            `json:"helpMarkDown"`
		Options      map[string]string `json:"options"`
		Properties   map[string]string `json:"properties"`
	}
	outputVariable struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	handler struct {
		Target string `json:"target"`
	}
	restrictions struct {
		Commands struct {
			Mode string `json:"mode"`
		} `json:"commands"`
		SettableVariables struct {
			Allowed []string `json:"allowed"`
		} `json:"settableVariables"`
	}
)

type extension struct {
	ManifestVersion int    `json:"manifestVersion"`
	ID              string `json:"id"`
	Publisher       string `json:"publisher"`
	Name            string `json:"name"`
	Version         string `json:"version"`
	Description     string `json:"description"`
	Public          bool   `json:"public"`
	Targets         []struct {
		ID string `json:"id"`
	} `json:"targets"`
	Categories []string          `json:"categories"`
	Tags       []string          `json:"tags"`
	Scopes     []string          `json:"scopes"`
	Icons      map[string]string `json:"icons"`
	Branding   map[string]string `json:"branding"`
	Content    map[string]struct {
		Path string `json:"path"`
	} `json:"content"`
	Links map[string]struct {
		URI string `json:"uri"`
	} `json:"links"`
	Repository    map[string]string `json:"repository"`
	Files         []packedFile      `json:"files"`
	Contributions []contribution    `json:"contributions"`
}

type (
	packedFile struct {
		Path        string `json:"path"`
		PackagePath string `json:"packagePath"`
		Addressable bool   `json:"addressable"`
		ContentType string `json:"contentType"`
	}
	contribution struct {
		ID          string     `json:"id"`
		Type        string     `json:"type"`
		Description string     `json:"description"`
		Targets     []string   `json:"targets"`
		Properties  properties `json:"properties"`
	}
	properties struct {
		Name             string            `json:"name"`
		DisplayName      string            `json:"displayName"`
		Icon             string            `json:"icon"`
		HelpMarkDown     string            `json:"helpMarkDown"`
		URI              string            `json:"uri"`
		URL              map[string]string `json:"url"`
		InputDescriptors []descriptor      `json:"inputDescriptors"`
		Schemes          []scheme          `json:"authenticationSchemes"`
	}
	scheme struct {
		Type             string       `json:"type"`
		DisplayName      string       `json:"displayName"`
		InputDescriptors []descriptor `json:"inputDescriptors"`
	}
	descriptor struct {
		ID             string `json:"id"`
		Name           string `json:"name"`
		Description    string `json:"description"`
		InputMode      string `json:"inputMode"`
		IsConfidential bool   `json:"isConfidential"`
		Validation     struct {
			IsRequired bool   `json:"isRequired"`
			DataType   string `json:"dataType"`
			MaxLength  int    `json:"maxLength"`
			Pattern    string `json:"pattern"`
			Message    string `json:"patternMismatchErrorMessage"`
		} `json:"validation"`
	}
)

// decode reads a manifest strictly: a key that the types above do not know is most
// likely misspelt, and neither tfx nor the service would say so.
func decode[T any](t *testing.T, elements ...string) T {
	t.Helper()
	f, err := os.Open(filepath.Join(append([]string{root}, elements...)...))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	var v T
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func readTask(t *testing.T) task { t.Helper(); return decode[task](t, "task", "task.json") }

func readExtension(t *testing.T) extension {
	t.Helper()
	return decode[extension](t, "vss-extension.json")
}
