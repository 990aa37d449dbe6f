/** What a manifest of a Pod may hold, as data. Source: Kubernetes v1.36 core/v1 types (Pod, ConfigMap, Secret). */

const seLinux = { user: 'text', role: 'text', type: 'text', level: 'text' } as const;
const profile = { type: 'text', localhostProfile: 'text' } as const;
const keyRef = { name: 'text', key: 'text', optional: 'flag' } as const;
const sourceRef = { name: 'text', optional: 'flag' } as const;
const items = [{ key: 'text', path: 'text', mode: 'whole' }] as const;
const resources = { limits: 'quantities', requests: 'quantities', claims: 'any' } as const;

const env = [
	{
		name: 'text',
		value: 'text',
		valueFrom: {
			fieldRef: { apiVersion: 'text', fieldPath: 'text' },
			resourceFieldRef: 'any',
			configMapKeyRef: keyRef,
			secretKeyRef: keyRef,
			fileKeyRef: 'any',
		},
	},
] as const;

const containerSecurity = {
	runAsUser: 'whole',
	runAsGroup: 'whole',
	runAsNonRoot: 'flag',
	privileged: 'flag',
	allowPrivilegeEscalation: 'flag',
	readOnlyRootFilesystem: 'flag',
	capabilities: { add: ['text'], drop: ['text'] },
	seccompProfile: profile,
	appArmorProfile: profile,
	seLinuxOptions: seLinux,
	procMount: 'text',
	windowsOptions: 'any',
} as const;

const container = {
	name: 'text',
	image: 'text',
	imagePullPolicy: 'text',
	command: ['text'],
	args: ['text'],
	workingDir: 'text',
	env,
	envFrom: [{ prefix: 'text', configMapRef: sourceRef, secretRef: sourceRef }],
	ports: [{ name: 'text', containerPort: 'whole', hostPort: 'whole', hostIP: 'text', protocol: 'text' }],
	volumeMounts: [
		{
			name: 'text',
			mountPath: 'text',
			readOnly: 'flag',
			recursiveReadOnly: 'text',
			subPath: 'text',
			subPathExpr: 'text',
			mountPropagation: 'text',
		},
	],
	volumeDevices: 'any',
	resources,
	resizePolicy: 'any',
	securityContext: containerSecurity,
	restartPolicy: 'text',
	restartPolicyRules: 'any',
	stdin: 'flag',
	stdinOnce: 'flag',
	tty: 'flag',
	livenessProbe: 'any',
	readinessProbe: 'any',
	startupProbe: 'any',
	lifecycle: 'any',
	terminationMessagePath: 'text',
	terminationMessagePolicy: 'text',
} as const;

const volume = {
	name: 'text',
	hostPath: { path: 'text', type: 'text' },
	emptyDir: { medium: 'text', sizeLimit: 'quantity' },
	configMap: { name: 'text', items, defaultMode: 'whole', optional: 'flag' },
	secret: { secretName: 'text', items, defaultMode: 'whole', optional: 'flag' },
	image: { reference: 'text', pullPolicy: 'text' },
	downwardAPI: 'any',
	projected: 'any',
	persistentVolumeClaim: 'any',
	ephemeral: 'any',
	csi: 'any',
	nfs: 'any',
	iscsi: 'any',
	fc: 'any',
	cephfs: 'any',
	rbd: 'any',
	gitRepo: 'any',
} as const;

const metadata = {
	name: 'text',
	namespace: 'text',
	labels: 'map',
	annotations: 'map',
	generateName: 'any',
	uid: 'any',
	creationTimestamp: 'any',
	resourceVersion: 'any',
	generation: 'any',
	selfLink: 'any',
	managedFields: 'any',
	ownerReferences: 'any',
	finalizers: 'any',
	deletionTimestamp: 'any',
	deletionGracePeriodSeconds: 'any',
} as const;

/** Kind Pod. */
export const podShape = {
	apiVersion: 'text',
	kind: 'text',
	metadata,
	spec: {
		containers: [container],
		initContainers: [container],
		volumes: [volume],
		restartPolicy: 'text',
		terminationGracePeriodSeconds: 'whole',
		hostNetwork: 'flag',
		hostPID: 'flag',
		hostIPC: 'flag',
		hostUsers: 'flag',
		shareProcessNamespace: 'flag',
		hostname: 'text',
		subdomain: 'text',
		setHostnameAsFQDN: 'flag',
		hostnameOverride: 'text',
		hostAliases: [{ ip: 'text', hostnames: ['text'] }],
		dnsPolicy: 'text',
		dnsConfig: {
			nameservers: ['text'],
			searches: ['text'],
			options: [{ name: 'text', value: 'text' }],
		},
		securityContext: {
			runAsUser: 'whole',
			runAsGroup: 'whole',
			runAsNonRoot: 'flag',
			fsGroup: 'whole',
			fsGroupChangePolicy: 'text',
			supplementalGroups: ['whole'],
			supplementalGroupsPolicy: 'text',
			seccompProfile: profile,
			appArmorProfile: profile,
			seLinuxOptions: seLinux,
			seLinuxChangePolicy: 'text',
			sysctls: [{ name: 'text', value: 'text' }],
			windowsOptions: 'any',
		},
		runtimeClassName: 'text',
		os: { name: 'text' },
		resources: 'any',
		ephemeralContainers: 'any',
		activeDeadlineSeconds: 'any',
		affinity: 'any',
		automountServiceAccountToken: 'any',
		enableServiceLinks: 'any',
		imagePullSecrets: 'any',
		nodeName: 'any',
		nodeSelector: 'any',
		overhead: 'any',
		preemptionPolicy: 'any',
		priority: 'any',
		priorityClassName: 'any',
		readinessGates: 'any',
		resourceClaims: 'any',
		schedulerName: 'any',
		schedulingGates: 'any',
		schedulingGroup: 'any',
		serviceAccount: 'any',
		serviceAccountName: 'any',
		tolerations: 'any',
		topologySpreadConstraints: 'any',
	},
	status: 'any',
} as const;

/** Kind ConfigMap. */
export const configMapShape = {
	apiVersion: 'text',
	kind: 'text',
	metadata,
	data: 'map',
	binaryData: 'map',
	immutable: 'flag',
} as const;

/** Kind Secret. */
export const secretShape = {
	apiVersion: 'text',
	kind: 'text',
	metadata,
	data: 'map',
	stringData: 'map',
	type: 'text',
	immutable: 'flag',
} as const;
