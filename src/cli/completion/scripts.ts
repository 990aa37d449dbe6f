/** The scripts that shells load. All they know is to ask `criscope __complete`; the answer is made from the verbs' table. */

/** Shells there is a script for. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

// The first line says how: `names`, or `files` where the shell's own completion of paths is meant. Nothing is started for it.
const bash = `# bash completion for criscope; load it with: source <(criscope completion bash)
_criscope() {
	local -a answer
	local candidate
	COMPREPLY=()
	mapfile -t answer < <(CRISCOPE_EMBEDDED=off command "\${COMP_WORDS[0]}" __complete --shell bash -- "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
	if [[ \${answer[0]:-} == files ]]; then
		compopt -o default 2>/dev/null
		return 0
	fi
	for candidate in "\${answer[@]:1}"; do
		COMPREPLY+=("\${candidate%%$'\\t'*}")
	done
	if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace 2>/dev/null
	fi
	return 0
}
complete -F _criscope criscope
`;

const zsh = `#compdef criscope
# zsh completion for criscope; load it with: source <(criscope completion zsh)
_criscope() {
	local -a answer values shown
	local line
	answer=("\${(@f)$(CRISCOPE_EMBEDDED=off command \${words[1]} __complete --shell zsh --words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
	if [[ \${answer[1]} == files ]]; then
		_files
		return
	fi
	for line in "\${(@)answer[2,-1]}"; do
		[[ -z $line ]] && continue
		values+=("\${line%%$'\\t'*}")
		shown+=("\${line/$'\\t'/  -- }")
	done
	compadd -l -d shown -a values
}
if [[ $funcstack[1] == _criscope ]]; then
	_criscope "$@"
elif (( $+functions[compdef] )); then
	compdef _criscope criscope
fi
`;

const fish = `# fish completion for criscope; load it with: criscope completion fish | source
function __criscope_complete
	set -l words (commandline -opc) (commandline -ct)
	set -l answer (CRISCOPE_EMBEDDED=off command $words[1] __complete --shell fish --words -- $words[2..-1] 2>/dev/null)
	if test "$answer[1]" = files
		__fish_complete_path (commandline -ct)
		return
	end
	for line in $answer[2..-1]
		echo $line
	end
end
complete -c criscope -f -a '(__criscope_complete)'
`;

/** The script of a shell. */
export function completionScript(shell: Shell): string {
	return { bash, zsh, fish }[shell];
}
