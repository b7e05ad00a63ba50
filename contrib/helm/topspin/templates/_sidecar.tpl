{{/*
A container that registers the server beside it in the pod with the proxies, for a chart that has this one as a dependency:

  containers:
    - name: shop
      ...
    {{- include "topspin.sidecar" (dict "root" $ "port" 3000 "contexts" (list "/shop")) | nindent 4 }}

root      the context of the chart, `$`
port      where the server listens
contexts  the paths that it serves (default: /)
proxy     HOST:PORT of the proxies (default: topspin-control:6666)
args      further flags of `topspin agent`
*/}}
{{- define "topspin.sidecar" -}}
{{- $values := .root.Values.topspin -}}
- name: topspin-agent
  image: {{ include "topspin.image" $values.image }}
  imagePullPolicy: {{ $values.image.pullPolicy }}
  args:
    - agent
    - --target
    - http://$(POD_IP):{{ required "topspin.sidecar: port" .port }}
    {{- range default (list "/") .contexts }}
    - --context
    - {{ . | quote }}
    {{- end }}
    - --proxy
    - {{ default "topspin-control:6666" .proxy | quote }}
    {{- range .args }}
    - {{ . | quote }}
    {{- end }}
  env:
    - name: POD_IP
      valueFrom: { fieldRef: { fieldPath: status.podIP } }
    - name: TOPSPIN_ROUTE
      valueFrom: { fieldRef: { fieldPath: metadata.name } }
    - name: TOPSPIN_SECRET
      valueFrom: { secretKeyRef: { name: {{ $values.secretName }}, key: secret } }
  securityContext:
    runAsNonRoot: true
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: { drop: [ALL] }
  resources:
    requests: { cpu: 50m, memory: 64Mi }
    limits: { memory: 256Mi }
{{- end -}}
