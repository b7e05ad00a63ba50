{{/* The name of the objects. */}}
{{- define "topspin.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* By which services and the disruption budget find the pods. */}}
{{- define "topspin.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "topspin.labels" -}}
{{ include "topspin.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "topspin.image" -}}
{{ .repository }}{{ with .tag }}:{{ . }}{{ end }}
{{- end -}}

{{/* The configuration file: what the chart needs, and `config` over it. */}}
{{- define "topspin.config" -}}
{{- $own := dict
  "listen" (list "0.0.0.0:8000")
  "control" (dict "listen" "0.0.0.0:6666" "secretFile" "/run/secrets/topspin/secret")
  "health" (dict "listen" "0.0.0.0:8081")
  "timeouts" (dict "drain" (printf "%ds" (int .Values.drainSeconds))) -}}
{{- if .Values.tls.secretName -}}
{{- $_ := set $own "listen" (list "0.0.0.0:8000" "https://0.0.0.0:8443") -}}
{{- $_ := set $own "tls" (dict "cert" "/run/secrets/tls/tls.crt" "key" "/run/secrets/tls/tls.key") -}}
{{- end -}}
{{- toYaml (mergeOverwrite $own (deepCopy .Values.config)) -}}
{{- end -}}
