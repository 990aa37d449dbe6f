/**
 * The filter of containers where the host has no profile of its own: all system calls of Linux 6.10 that ordinary programs make.
 * What needs a capability is refused with EPERM without it, what is dangerous or long gone does not exist (ENOSYS), so that
 * libraries fall back. Source: the kernel's tables of x86 and of the newer machines; capabilities(7).
 */
import type { SeccompCondition, SeccompProfile, SeccompRule } from './seccomp-profile.ts';

const eperm = 1;
const enosys = 38;
const always: SeccompCondition = { caps: [], arches: [], minKernel: undefined };

const ordinary = `
	_llseek _newselect accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod
	chown chown32 clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime
	clock_gettime64 clock_nanosleep clock_nanosleep_time64 close close_range connect copy_file_range creat
	dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2
	execve execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark
	fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr
	flock fork fremovexattr fsetxattr fstat fstat64 fstatat fstatat64 fstatfs fstatfs64 fsync ftruncate
	ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat get_robust_list
	get_thread_area getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32
	getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom
	getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid getsockname getsockopt gettid
	gettimeofday getuid getuid32 getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch
	io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit ioctl ioprio_get
	ioprio_set ipc kill landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lchown32
	lgetxattr link linkat listen listmount listxattr llistxattr llseek lremovexattr lseek lsetxattr
	lsm_get_self_attr lsm_list_modules lstat lstat64 madvise map_shadow_stack membarrier memfd_create
	memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 mprotect mq_getsetattr
	mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink
	mremap mseal msgctl msgget msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep
	newfstatat nice open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free
	pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease
	process_vm_readv process_vm_writev pselect6 pselect6_time64 ptrace pwrite64 pwritev pwritev2 read
	readahead readdir readlink readlinkat readv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages
	removexattr rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending
	rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64
	rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr
	sched_getparam sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity
	sched_setattr sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop
	semtimedop semtimedop_time64 sendfile sendfile64 sendmmsg sendmsg sendto set_robust_list set_thread_area
	set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups setgroups32 setitimer
	setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32
	setrlimit setsid setsockopt setuid setuid32 setxattr shmat shmctl shmdt shmget shutdown sigaction
	sigaltstack signal signalfd signalfd4 sigpending sigprocmask sigreturn sigsuspend socketcall socketpair
	splice stat stat64 statfs statfs64 statmount statx symlink symlinkat sync sync_file_range syncfs sysinfo
	tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime
	timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times
	tkill truncate truncate64 ugetrlimit umask uname unlink unlinkat utime utimensat utimensat_time64 utimes
	vfork wait4 waitid waitpid write writev
`;

/** Of 32-bit and 64-bit ARM alone. */
const ofArm =
	'arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls usr26 usr32';

/** Calls that need one of some capabilities. */
const byCapability: readonly (readonly [names: string, ...capabilities: string[]])[] = [
	[
		`fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount open_tree pivot_root
		quotactl quotactl_fd setdomainname sethostname setns umount umount2`,
		'CAP_SYS_ADMIN',
	],
	['bpf', 'CAP_BPF', 'CAP_SYS_ADMIN'],
	['perf_event_open', 'CAP_PERFMON', 'CAP_SYS_ADMIN'],
	['syslog', 'CAP_SYSLOG', 'CAP_SYS_ADMIN'],
	['open_by_handle_at', 'CAP_DAC_READ_SEARCH'],
	['reboot', 'CAP_SYS_BOOT'],
	['chroot', 'CAP_SYS_CHROOT'],
	['delete_module finit_module init_module', 'CAP_SYS_MODULE'],
	['get_mempolicy mbind set_mempolicy set_mempolicy_home_node', 'CAP_SYS_NICE'],
	['acct', 'CAP_SYS_PACCT'],
	['kcmp pidfd_getfd process_madvise', 'CAP_SYS_PTRACE'],
	['ioperm iopl', 'CAP_SYS_RAWIO'],
	['clock_settime clock_settime64 settimeofday stime', 'CAP_SYS_TIME'],
	['vhangup', 'CAP_SYS_TTY_CONFIG'],
];

/** Linux, Linux of 32 bits, the same with fixed addresses, and the question which it is. Source: personality(2) */
const personalities = [0, 8, 0x20000, 0x20008, 0xffffffff];

/** Joined to the families of sockets; 40 reaches the hypervisor, which knows nothing of namespaces. Source: vsock(7) */
const vsock = 40;

function words(text: string): readonly string[] {
	return text.split(/\s+/).filter((word) => word !== '');
}

function allow(names: string, changes: Partial<SeccompRule> = {}): SeccompRule {
	return {
		names: words(names),
		action: 'SCMP_ACT_ALLOW',
		errnoRet: undefined,
		args: [],
		includes: always,
		excludes: always,
		...changes,
	};
}

/** Calls that make namespaces are among them; withoutNamespaces takes them away. */
export const builtInProfile: SeccompProfile = {
	defaultAction: 'SCMP_ACT_ERRNO',
	defaultErrnoRet: enosys,
	architectures: [],
	archMap: [
		{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
		{ architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
		{ architecture: 'SCMP_ARCH_S390X', subArchitectures: ['SCMP_ARCH_S390'] },
	],
	flags: [],
	syscalls: [
		allow(`${ordinary} clone clone3 unshare`),
		allow(ofArm, { includes: { ...always, arches: ['arm', 'arm64'] } }),
		allow('arch_prctl modify_ldt', { includes: { ...always, arches: ['amd64', 'x32', 'x86', '386'] } }),
		...personalities.map((value) =>
			allow('personality', { args: [{ index: 0, value, valueTwo: 0, op: 'SCMP_CMP_EQ' }] }),
		),
		allow('socket', { args: [{ index: 0, value: vsock, valueTwo: 0, op: 'SCMP_CMP_NE' }] }),
		...byCapability.flatMap(([names, ...capabilities]) => [
			...capabilities.map((name) => allow(names, { includes: { ...always, caps: [name] } })),
			allow(names, {
				action: 'SCMP_ACT_ERRNO',
				errnoRet: eperm,
				excludes: { ...always, caps: capabilities },
			}),
		]),
	],
};
