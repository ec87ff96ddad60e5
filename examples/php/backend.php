<?php
// A casino backend for the MegaNodes callback API, in one file and without packages.
// PHP 8.1 or newer, 64 bits, nothing but the core; behind php-fpm, Apache or `php -S`, with any
// number of workers. Both revisions of the wire. README.md beside this file says how to run it.
//
// It is meant to be copied from. Eight rules decide whether such a backend keeps or loses money;
// each stands in a part of this file that carries its number:
//
//   1  Amounts are exact.            They are integers of minor units (cents), never floats.
//   2  Requests are read strictly.   What is not understood is answered 99, and nothing is booked.
//   3  Callers are known.            Callback-Token in constant time; signature and its age.
//   4  Checks, in the order asked.   The first that fails is the answer.
//   5  Every id is booked once.      Ids are kept for ever, over bets, wins and cancels; refused
//                                    ones stay refused; a bet that comes after its cancel is too.
//   6  Judging and booking are one.  Nothing else of the account happens in between.
//   7  Durable before the answer.    It is on the disk before the first byte of the reply.
//   8  Replies are right by shape.   HTTP 200, the right fields, exact decimals, no error page.

declare(strict_types=1);

namespace Wallet;

const OK = 0;
const ACCOUNT_UNKNOWN = 21;
const PLAYER_INACTIVE = 22;
const BALANCE_TOO_LOW = 31;
const DUPLICATE = 41;
const TRANSACTION_UNKNOWN = 42;
const ORIGINAL_UNKNOWN = 43;
const INTERNAL_FAILURE = 99;
const TOKEN_WRONG = 100;

const BODY_BYTES_MAX = 65_536;
const DEPTH_MAX = 8;
const TEXT_MAX = 256;
const INTEGER_MAX = '9223372036854775807';
const SIGNATURE_AGE_SECONDS_MAX = 300;

/** A request that does not have the agreed shape. The sentence is for our own log. */
final class Unreadable extends \Exception {}

// ---- settings -----------------------------------------------------------------------------------

final class Settings
{
    /**
     * @param list<string> $tokens  two of them while one is being exchanged for another
     * @param list<string> $secrets likewise; none: signatures are not asked for
     */
    private function __construct(
        public readonly array $tokens,
        public readonly array $secrets,
        public readonly string $revision,
        public readonly int $decimals,
        public readonly int $duplicates,
        public readonly string $folder,
        public readonly bool $control,
    ) {}

    /** Reads the environment; php-fpm passes it on with `env[WALLET_...]` or `clear_env = no`. */
    public static function read(): self
    {
        $tokens = self::list('WALLET_CALLBACK_TOKEN');
        if ($tokens === []) {
            throw new \RuntimeException("WALLET_CALLBACK_TOKEN must be the agent's token");
        }
        $folder = (string) getenv('WALLET_FOLDER');
        if ($folder === '') {
            throw new \RuntimeException('WALLET_FOLDER must be a folder that no web server shows');
        }
        return new self(
            tokens: $tokens,
            secrets: array_map(self::signingKey(...), self::list('WALLET_SIGNING_SECRET')),
            revision: self::choice('WALLET_REVISION', ['guid', 'id']),
            decimals: (int) self::choice('WALLET_DECIMALS', ['2', ...str_split('01345678')]),
            duplicates: (int) self::choice('WALLET_DUPLICATES', ['41', '0']),
            folder: $folder,
            control: self::choice('WALLET_CONTROL', ['off', 'on']) === 'on',
        );
    }

    /** @return list<string> */
    private static function list(string $name): array
    {
        $parts = array_map(trim(...), explode(',', (string) getenv($name)));
        return array_values(array_filter($parts, static fn ($part) => $part !== ''));
    }

    /** @param list<string> $allowed the first is the usual one */
    private static function choice(string $name, array $allowed): string
    {
        $given = getenv($name);
        $given = $given === false || $given === '' ? $allowed[0] : $given;
        if (!in_array($given, $allowed, true)) {
            throw new \RuntimeException("$name must be one of: " . implode(', ', $allowed));
        }
        return $given;
    }

    private static function signingKey(string $text): string
    {
        $key = str_starts_with($text, 'whsec_') ? base64_decode(substr($text, 6), true) : false;
        if ($key === false || strlen($key) < 24 || strlen($key) > 64) {
            throw new \RuntimeException('WALLET_SIGNING_SECRET is no secret that the hub gave');
        }
        return $key;
    }
}

// ---- rule 1: amounts are exact ------------------------------------------------------------------

const AMOUNT_MAX = 2 ** 53 - 1; // of amounts and balances, in minor units

/** "12.5" with 2 decimals is 1250. A float would do here, and not for 8.12: that is 811.99... */
function read_amount(string $text, int $decimals): int
{
    // \z and not $, which would let a line break pass.
    if (preg_match('/^(\d{1,40})(?:\.(\d{1,40}))?\z/', $text, $found) !== 1) {
        throw new Unreadable('an amount is digits with at most one dot');
    }
    $fraction = $found[2] ?? '';
    if (strlen($fraction) > $decimals) {
        throw new Unreadable('an amount has too many decimals');
    }
    $digits = ltrim($found[1] . str_pad($fraction, $decimals, '0'), '0');
    // 16 digits fit into 64 bits; a cast of more would stop at the largest integer without a word.
    if (strlen($digits) > 16 || (int) $digits > AMOUNT_MAX) {
        throw new Unreadable('an amount is at most 2^53-1 minor units');
    }
    return (int) $digits;
}

/** The reply wants exactly the currency's decimals: 1250 is "12.50". */
function write_amount(int $amount, int $decimals): string
{
    $sign = $amount < 0 ? '-' : '';
    $digits = str_pad((string) abs($amount), $decimals + 1, '0', STR_PAD_LEFT);
    if ($decimals === 0) {
        return $sign . $digits;
    }
    return $sign . substr($digits, 0, -$decimals) . '.' . substr($digits, -$decimals);
}

// ---- rule 2: requests are read strictly ---------------------------------------------------------

/**
 * A JSON number as it was written. json_decode would make a binary float of 0.1 before anybody
 * could look at the digits (JSON_BIGINT_AS_STRING keeps large integers only), and json_encode
 * writes floats as serialize_precision in some php.ini says. So the lines of a reader are here.
 */
final class JsonNumber
{
    public function __construct(public readonly string $text) {}
}

/**
 * Reads one JSON value: objects as arrays, numbers as JsonNumber. Refuses what json_decode lets
 * through: a key twice, a byte order mark is skipped.
 */
final class JsonReader
{
    private const TOKEN = '/\G[ \t\r\n]*+(?:
        (?<sign>[{}\[\]:,])
        |(?<text>"[^"\\\\\x00-\x1f]*+(?:\\\\.[^"\\\\\x00-\x1f]*+)*+")
        |(?<number>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)
        |(?<word>true|false|null)
        |(?<end>\z)
    )/x';
    private const WORDS = ['true' => true, 'false' => false, 'null' => null];

    private int $at = 0;

    private function __construct(private readonly string $text) {}

    public static function read(string $body): mixed
    {
        $text = str_starts_with($body, "\u{FEFF}") ? substr($body, 3) : $body;
        if (preg_match('//u', $text) !== 1) {
            throw new Unreadable('the body is not UTF-8');
        }
        $reader = new self($text);
        $value = $reader->value($reader->next(), 1);
        if ($reader->next()[0] !== 'end') {
            throw new Unreadable('there is data after the JSON value');
        }
        return $value;
    }

    /** @return array{string, mixed} a sign, "value" or "end", and the value */
    private function next(): array
    {
        $where = $this->at;
        $found = [];
        if (preg_match(self::TOKEN, $this->text, $found, PREG_UNMATCHED_AS_NULL, $where) !== 1) {
            throw new Unreadable("the body is not JSON near byte $where");
        }
        $this->at += strlen($found[0]);
        return match (true) {
            $found['sign'] !== null => [$found['sign'], null],
            $found['text'] !== null => ['value', self::unescaped($found['text'])],
            $found['number'] !== null => ['value', new JsonNumber($found['number'])],
            $found['word'] !== null => ['value', self::WORDS[$found['word']]],
            default => ['end', null],
        };
    }

    /** One text: only its escapes are left to undo; half of a surrogate pair is refused there. */
    private static function unescaped(string $source): string
    {
        $text = json_decode($source);
        if (!is_string($text)) {
            throw new Unreadable('a text of the body has a wrong escape');
        }
        return $text;
    }

    /** @param array{string, mixed} $token */
    private function value(array $token, int $depth): mixed
    {
        if ($token[0] !== 'value' && $depth > DEPTH_MAX) {
            throw new Unreadable('the JSON is nested deeper than ' . DEPTH_MAX . ' levels');
        }
        return match ($token[0]) {
            'value' => $token[1],
            '{' => $this->object($depth),
            '[' => $this->list($depth),
            default => throw new Unreadable("the body is not JSON near byte $this->at"),
        };
    }

    /** @return array<mixed> */
    private function object(int $depth): array
    {
        $members = [];
        $token = $this->next();
        while ($token[0] !== '}') {
            $key = $token[1];
            if (!is_string($key) || $this->next()[0] !== ':') {
                throw new Unreadable('a member of an object is a text, a colon and a value');
            }
            if (array_key_exists($key, $members)) {
                throw new Unreadable("the key $key comes twice");
            }
            $members[$key] = $this->value($this->next(), $depth + 1);
            $token = $this->afterOne('}');
        }
        return $members;
    }

    /** Lists are read and dropped: no field of a callback is one. */
    private function list(int $depth): null
    {
        $token = $this->next();
        while ($token[0] !== ']') {
            $this->value($token, $depth + 1);
            $token = $this->afterOne(']');
        }
        return null;
    }

    /** @return array{string, mixed} the closing sign, or what follows a comma, which is no sign */
    private function afterOne(string $closing): array
    {
        $token = $this->next();
        if ($token[0] === $closing) {
            return $token;
        }
        if ($token[0] !== ',') {
            throw new Unreadable("a comma or $closing is missing near byte $this->at");
        }
        $token = $this->next();
        if ($token[0] === $closing) {
            throw new Unreadable("a comma before $closing");
        }
        return $token;
    }
}

/**
 * Typed access to the fields of an object; every fault names the field. Fields that we do not ask
 * for are let through, so that a newer hub may add some.
 */
final class Fields
{
    /** @var array<mixed> */
    public readonly array $values;

    public function __construct(mixed $value, string $name)
    {
        if (!is_array($value)) {
            throw new Unreadable("$name must be a JSON object");
        }
        $this->values = $value;
    }

    public function text(string $name, int $least = 1): string
    {
        $value = $this->values[$name] ?? null;
        // Characters are counted, not bytes; mbstring may be missing.
        $pattern = '/^.{' . $least . ',' . TEXT_MAX . '}\z/su';
        if (!is_string($value) || preg_match($pattern, $value) !== 1) {
            throw new Unreadable("$name must be text of $least to " . TEXT_MAX . ' characters');
        }
        return $value;
    }

    /** Gives the digits: they may be a trans_id, which nobody calculates with. */
    public function whole(string $name, int $least = 0): string
    {
        $value = $this->values[$name] ?? null;
        $digits = $value instanceof JsonNumber ? $value->text : '';
        $fits = preg_match('/^\d{1,19}\z/', $digits) === 1
            && (strlen($digits) < 19 || strcmp($digits, INTEGER_MAX) <= 0);
        if (!$fits || (int) $digits < $least) {
            throw new Unreadable("$name must be an integer of at least $least");
        }
        return $digits;
    }

    public function amount(string $name, int $decimals): int
    {
        $value = $this->values[$name] ?? null;
        if (!$value instanceof JsonNumber) {
            throw new Unreadable("$name must be a number");
        }
        return read_amount($value->text, $decimals);
    }
}

/** One callback. The two revisions differ here and in the reply to `status`, and nowhere else. */
final class Callback
{
    private const COMMANDS = ['authenticate', 'balance', 'bet', 'win', 'cancel', 'status'];
    private const TYPES = ['bet' => '1', 'win' => '2', 'cancel' => '16'];
    private const CHECKS = ['21', '22', '31', '41', '42', '43'];

    /** @param list<int> $checks */
    private function __construct(
        public readonly string $command,
        public readonly array $checks,
        public readonly string $account,
        public readonly string $id = '',
        public readonly string $originalId = '',
        public readonly string $roundId = '',
        public readonly int $amount = 0,
    ) {}

    public static function read(string $body, Settings $settings): self
    {
        $envelope = new Fields(JsonReader::read($body), 'the body');
        $command = $envelope->text('command');
        if (!in_array($command, self::COMMANDS, true)) {
            throw new Unreadable("the command $command is unknown");
        }
        if (preg_match('/^\d+\z/', $envelope->text('timestamp')) !== 1) {
            throw new Unreadable('timestamp must be Unix seconds as text');
        }
        $checks = self::checks($envelope->text('check'), $command);
        $data = new Fields($envelope->values['data'] ?? null, 'data');
        $account = $data->text('account');
        return new self($command, $checks, $account, ...match ($command) {
            'bet', 'win' => self::movement($data, $command, $settings),
            'cancel' => self::undoing($data, $settings),
            'status' => ['id' => self::transactionId($data, $settings)],
            default => [],
        });
    }

    /** @return list<int> */
    private static function checks(string $text, string $command): array
    {
        $checks = explode(',', $text);
        if (array_diff($checks, self::CHECKS) !== [] || array_unique($checks) !== $checks) {
            throw new Unreadable("check \"$text\" must list known checks once, joined by commas");
        }
        if (in_array('31', $checks, true) && !in_array($command, ['bet', 'win'], true)) {
            throw new Unreadable("check 31 needs an amount, and $command has none to compare");
        }
        return array_map(intval(...), $checks);
    }

    /** @return array<string, mixed> */
    private static function movement(Fields $data, string $command, Settings $settings): array
    {
        self::demandType($data, $command);
        $data->text('game_type', 0);
        return [
            'id' => self::transactionId($data, $settings),
            'roundId' => self::roundId($data),
            'amount' => $data->amount('amount', $settings->decimals),
        ];
    }

    /** @return array<string, mixed> */
    private static function undoing(Fields $data, Settings $settings): array
    {
        $id = self::transactionId($data, $settings);
        if ($settings->revision === 'id') {
            // Revision id gives a cancel no id of its own; ours is made from the original's.
            return ['id' => "$id-c", 'originalId' => $id, 'roundId' => self::roundId($data)];
        }
        self::demandType($data, 'cancel');
        $originalId = $data->text('cancel_trans_guid');
        return ['id' => $id, 'originalId' => $originalId, 'roundId' => self::roundId($data)];
    }

    private static function roundId(Fields $data): string
    {
        $data->whole('provider_id');
        $data->text('game_code');
        return $data->text('round_id');
    }

    private static function transactionId(Fields $data, Settings $settings): string
    {
        $isNumber = $settings->revision === 'id';
        return $isNumber ? $data->whole('trans_id', 1) : $data->text('trans_guid');
    }

    private static function demandType(Fields $data, string $command): void
    {
        if ($data->whole('type') !== self::TYPES[$command]) {
            throw new Unreadable('type must be ' . self::TYPES[$command]);
        }
    }
}

// ---- rule 3: callers are known ------------------------------------------------------------------

/**
 * Hashes are compared, not the texts: hash_equals tells the length of what it compares, and ==
 * would take "0e12" for "0e34" and tell by its time how much was right. All are compared.
 *
 * @param list<string> $tokens
 */
function token_fits(string $given, array $tokens): bool
{
    $fits = false;
    foreach ($tokens as $token) {
        $fits = hash_equals(hash('sha256', $token), hash('sha256', $given)) || $fits;
    }
    return $fits;
}

/**
 * Standard Webhooks: v1,base64(HMAC-SHA256(secret, id.timestamp.body)). The timestamp is signed, so
 * its age tells a request from a recording of one. Gives a sentence when it is not to be believed.
 *
 * @param list<string> $secrets
 */
function signature_fault(string $body, array $secrets, int $now): ?string
{
    $timestamp = header_text('webhook-timestamp');
    if (preg_match('/^\d{1,15}\z/', $timestamp) !== 1) {
        return 'webhook-timestamp is no whole number of seconds';
    }
    if (abs($now - (int) $timestamp) > SIGNATURE_AGE_SECONDS_MAX) {
        return "webhook-timestamp is too far from this machine's clock";
    }
    $signed = header_text('webhook-id') . ".$timestamp.$body";
    $fits = false;
    foreach ($secrets as $secret) {
        $expected = 'v1,' . base64_encode(hash_hmac('sha256', $signed, $secret, true));
        // A blank separates two signatures while the hub's secret is being exchanged.
        foreach (array_slice(explode(' ', header_text('webhook-signature')), 0, 16) as $given) {
            $fits = hash_equals($expected, $given) || $fits;
        }
    }
    return $fits ? null : 'no signature fits the body and the secret';
}

/** A request header; a header that comes twice is joined by a comma and fits no token. */
function header_text(string $name): string
{
    return (string) ($_SERVER['HTTP_' . strtoupper(str_replace('-', '_', $name))] ?? '');
}

// ---- rules 5, 6 and 7: the books ----------------------------------------------------------------

/**
 * REPLACE BY YOUR DATABASE: a table of players, a table of transactions with a UNIQUE index on the
 * id, and one database transaction around `Wallet::answer` whose first statement locks the account:
 * SELECT ... FROM players WHERE account = ? FOR UPDATE.
 *
 * Here every account and every transaction id is one small file, and there is one lock for all of
 * them, which the kernel opens by itself when a worker dies. A bet changes two files, a cancel
 * three. So that a crash leaves all of them changed or none, they are first written together into
 * redo.json: once that has its name, the change has happened. Then the files are written, and
 * redo.json is removed. Whoever opens the books next finishes what a dead worker has left there.
 */
final class Books
{
    /** @var array<string, array<string, mixed>> what this request changes, by file name */
    private array $changes = [];

    /** @param resource $lock */
    private function __construct(private readonly string $folder, private $lock)
    {
        $this->redo();
    }

    /**
     * Rule 6: gives the books to one request at a time. What `$work` reads stays true until what it
     * writes is durable; it writes nothing when it throws.
     *
     * @template T
     * @param callable(self): T $work
     * @return T
     */
    public static function with(string $folder, callable $work): mixed
    {
        if (!is_dir($folder) && !@mkdir($folder, 0700, true) && !is_dir($folder)) {
            throw new \RuntimeException("$folder cannot be made");
        }
        $lock = fopen("$folder/lock", 'c');
        if ($lock === false || !flock($lock, LOCK_EX)) {
            throw new \RuntimeException("$folder/lock cannot be locked");
        }
        try {
            $books = new self($folder, $lock);
            $answer = $work($books);
            $books->commit();
            return $answer;
        } finally {
            flock($lock, LOCK_UN);
            fclose($lock);
        }
    }

    /** @return array<string, mixed>|null */
    public function player(string $account): ?array
    {
        return $this->read(self::fileName('player', $account));
    }

    /** @return array<string, mixed>|null */
    public function entry(string $id): ?array
    {
        return $this->read(self::fileName('entry', $id));
    }

    /** @param array<string, mixed> $player */
    public function keepPlayer(array $player): void
    {
        $this->changes[self::fileName('player', $player['account'])] = $player;
    }

    /**
     * One entry is one id. "booked" moved money, "cancelled" was booked and undone; "refused" and
     * "tombstone" never moved any and are there so that the id is never booked later.
     *
     * @param array<string, mixed> $entry
     */
    public function keepEntry(array $entry): void
    {
        $this->changes[self::fileName('entry', $entry['id'])] = $entry;
    }

    /** @return list<array<string, mixed>> all players or all entries, oldest first */
    public function all(string $kind): array
    {
        $paths = glob("$this->folder/$kind-*") ?: [];
        $found = array_map(fn ($path) => $this->read(basename($path)), $paths);
        usort($found, static fn ($one, $other) => $one['met_at'] <=> $other['met_at']);
        return $found;
    }

    /** Names and ids come from outside: a hash is no path, and never too long for a name. */
    private static function fileName(string $kind, string $key): string
    {
        return "$kind-" . hash('sha256', $key);
    }

    /** @return array<string, mixed>|null */
    private function read(string $name): ?array
    {
        if (isset($this->changes[$name])) {
            return $this->changes[$name];
        }
        $path = "$this->folder/$name";
        return file_exists($path) ? self::parsed((string) file_get_contents($path)) : null;
    }

    /** Rule 7: when this returns, the changes survive a power cut. */
    private function commit(): void
    {
        if ($this->changes === []) {
            return;
        }
        $this->write('redo.json', $this->changes);
        $this->syncFolder();
        $this->redo();
        $this->changes = [];
    }

    /** Bring about what redo.json says, as often as it takes: the files are told whole. */
    private function redo(): void
    {
        $path = "$this->folder/redo.json";
        clearstatcache();
        if (!file_exists($path)) {
            return;
        }
        foreach (self::parsed((string) file_get_contents($path)) as $name => $content) {
            $this->write($name, $content);
        }
        $this->syncFolder();
        if (!unlink($path)) {
            throw new \RuntimeException("$path cannot be removed");
        }
    }

    /** @param array<string, mixed> $content */
    private function write(string $name, array $content): void
    {
        // A file is complete before it has its name: readers see the old one or the new one.
        $path = "$this->folder/$name";
        $file = fopen("$path.new", 'w');
        $bytes = json_encode($content, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE);
        $written = $file !== false
            && fwrite($file, $bytes) === strlen($bytes)
            && fflush($file)
            && fsync($file)
            && fclose($file)
            && rename("$path.new", $path);
        if (!$written) {
            throw new \RuntimeException("$path cannot be written");
        }
    }

    /** Otherwise a power cut could take new names away although their files are on the disk. */
    private function syncFolder(): void
    {
        if (PHP_OS_FAMILY === 'Windows') {
            return; // cannot, and need not
        }
        $opened = fopen($this->folder, 'r');
        if ($opened === false || !fsync($opened)) {
            throw new \RuntimeException("$this->folder cannot be synced");
        }
        fclose($opened);
    }

    /** @return array<string, mixed> our own files: amounts are integers in them */
    private static function parsed(string $text): array
    {
        return json_decode($text, true, 8, JSON_THROW_ON_ERROR);
    }
}

// ---- rules 4, 5 and 6: the wallet ---------------------------------------------------------------

/** What to answer: the player is null where the account does not exist. */
final class Answer
{
    /** @param array<string, mixed>|null $player */
    public function __construct(
        public readonly int $result,
        public readonly ?array $player,
        public readonly string $transStatus = '',
    ) {}
}

/** The six commands, over books that are locked for this request. */
final class Wallet
{
    public function __construct(private readonly Books $books, private readonly int $duplicates) {}

    public function answer(Callback $callback): Answer
    {
        return match ($callback->command) {
            'bet' => $this->bet($callback),
            'win' => $this->win($callback),
            'cancel' => $this->cancel($callback),
            'status' => $this->status($callback),
            default => $this->refusal($callback, null) ?? $this->accepted($callback),
        };
    }

    private function bet(Callback $callback): Answer
    {
        $own = $this->books->entry($callback->id);
        // Refused once is refused for ever: the hub was told "no" and has told the game. A copy
        // that comes late, when the balance would suffice, must not be booked.
        $isOurs = $own !== null && $own['account'] === $callback->account;
        if ($isOurs && $own['state'] === 'refused') {
            return new Answer($own['result'], $this->books->player($callback->account));
        }
        $refusal = $this->refusal($callback, $own);
        if ($refusal === null) {
            return $this->book($callback);
        }
        if ($own !== null) {
            return $this->repeated($callback, $own, $refusal);
        }
        $this->remember($callback, ['state' => 'refused', 'result' => $refusal->result]);
        return $refusal;
    }

    private function win(Callback $callback): Answer
    {
        $own = $this->books->entry($callback->id);
        $refusal = $this->refusal($callback, $own);
        if ($refusal === null) {
            return $this->book($callback);
        }
        // A refused win stays owed and the hub comes again, so its id is not spent.
        return $own === null ? $refusal : $this->repeated($callback, $own, $refusal);
    }

    private function cancel(Callback $callback): Answer
    {
        $own = $this->books->entry($callback->id);
        $original = $this->books->entry($callback->originalId);
        $isThere = self::hasMoved($original, $callback) && $original['kind'] !== 'cancel';
        $refusal = $this->refusal($callback, $own, $isThere ? $original : null);
        if ($refusal === null) {
            return $this->undo($callback, $original);
        }
        $isNotSeen = in_array($refusal->result, [TRANSACTION_UNKNOWN, ORIGINAL_UNKNOWN], true);
        if ($isNotSeen && $original === null) {
            $this->bury($callback);
        }
        $isCopy = $own !== null
            && $own['kind'] === 'cancel'
            && $own['original_id'] === $callback->originalId;
        $toldAsDone = $refusal->result === DUPLICATE && $isCopy && $this->duplicates === OK;
        return $toldAsDone ? $this->accepted($callback) : $refusal;
    }

    private function status(Callback $callback): Answer
    {
        $entry = $this->books->entry($callback->id);
        $own = self::hasMoved($entry, $callback) ? $entry : null;
        $transStatus = $own !== null && $own['state'] === 'cancelled' ? 'CANCELED' : 'OK';
        return $this->refusal($callback, $own)
            ?? new Answer(OK, $this->known($callback), $transStatus);
    }

    /**
     * The first check that fails, in the order of the request; null when all hold.
     *
     * @param array<string, mixed>|null $own
     * @param array<string, mixed>|null $original
     */
    private function refusal(Callback $callback, ?array $own, ?array $original = null): ?Answer
    {
        $player = $this->books->player($callback->account);
        // Revision id asks 42 of a cancel and means the original: the cancel has no id of its own.
        $about = $callback->command === 'cancel' ? $original : $own;
        foreach ($callback->checks as $check) {
            $holds = match ($check) {
                ACCOUNT_UNKNOWN => $player !== null,
                PLAYER_INACTIVE => $player !== null && $player['active'],
                BALANCE_TOO_LOW => $player !== null && $player['balance'] >= $callback->amount,
                DUPLICATE => $own === null,
                TRANSACTION_UNKNOWN => $about !== null,
                ORIGINAL_UNKNOWN => $original !== null,
            };
            if (!$holds) {
                return new Answer($check, $player);
            }
        }
        return null;
    }

    private function accepted(Callback $callback): Answer
    {
        return new Answer(OK, $this->known($callback));
    }

    /** @return array<string, mixed> */
    private function known(Callback $callback): array
    {
        return $this->books->player($callback->account)
            ?? throw new \RuntimeException('an unknown account, and check 21 was not asked');
    }

    private function book(Callback $callback): Answer
    {
        // The checks were the hub's questions. These are our own books: whatever was asked, no id
        // is booked twice, no bet overspends, and no balance leaves the range that can be told.
        $change = $callback->command === 'bet' ? -$callback->amount : $callback->amount;
        $player = $this->known($callback);
        $player['balance'] += $change;
        if ($this->books->entry($callback->id) !== null) {
            throw new \RuntimeException("$callback->id was booked before");
        }
        if ($change < 0 ? $player['balance'] < 0 : $player['balance'] > AMOUNT_MAX) {
            throw new \RuntimeException("the balance of $callback->account cannot take this");
        }
        $this->books->keepPlayer($player);
        $this->remember($callback, ['state' => 'booked']);
        return $this->accepted($callback);
    }

    /**
     * Undo what was stored. An amount that comes with a cancel has no say. A win that was spent
     * meanwhile leaves the balance below zero: that is the truth, and deposits make it good.
     *
     * @param array<string, mixed> $original
     */
    private function undo(Callback $callback, array $original): Answer
    {
        if ($original['state'] === 'cancelled') {
            // Undone before, under another id: true, and no reason to pay twice.
            $isAsked = in_array(DUPLICATE, $callback->checks, true);
            $told = $this->duplicates === DUPLICATE && $isAsked ? DUPLICATE : OK;
            return new Answer($told, $this->known($callback));
        }
        if ($this->books->entry($callback->id) !== null) {
            throw new \RuntimeException("$callback->id was booked before");
        }
        $player = $this->known($callback);
        $amount = $original['amount'];
        $player['balance'] += $original['kind'] === 'bet' ? $amount : -$amount;
        $this->books->keepPlayer($player);
        $this->books->keepEntry(['state' => 'cancelled'] + $original);
        $this->remember($callback, [
            'state' => 'booked',
            'round_id' => $original['round_id'],
            'amount' => $amount,
            'original_id' => $original['id'],
        ]);
        return $this->accepted($callback);
    }

    /**
     * A tombstone: the cancel was here before its bet. The bet may still be on its way through a
     * slow proxy; it finds its id taken and is answered 41.
     */
    private function bury(Callback $callback): void
    {
        $bet = ['id' => $callback->originalId, 'kind' => 'bet', 'state' => 'tombstone'];
        $this->remember($callback, $bet);
    }

    /**
     * A known id is answered 41, or 0 where the option says so and it is a true copy.
     *
     * @param array<string, mixed> $own
     */
    private function repeated(Callback $callback, array $own, Answer $refusal): Answer
    {
        $isCopy = $own['state'] === 'booked'
            && $own['account'] === $callback->account
            && $own['kind'] === $callback->command
            && $own['amount'] === $callback->amount;
        $toldAsDone = $refusal->result === DUPLICATE && $isCopy && $this->duplicates === OK;
        return $toldAsDone ? $this->accepted($callback) : $refusal;
    }

    /** @param array<string, mixed> $entry what differs from the callback */
    private function remember(Callback $callback, array $entry): void
    {
        $this->books->keepEntry($entry + [
            'id' => $callback->id,
            'account' => $callback->account,
            'kind' => $callback->command,
            'round_id' => $callback->roundId,
            'amount' => $callback->amount,
            'original_id' => null,
            'met_at' => microseconds(),
        ]);
    }

    /**
     * Whether the id ever moved money of this account; refused ids and tombstones did not.
     *
     * @param array<string, mixed>|null $entry
     */
    private static function hasMoved(?array $entry, Callback $callback): bool
    {
        return $entry !== null
            && $entry['account'] === $callback->account
            && in_array($entry['state'], ['booked', 'cancelled'], true);
    }
}

/** For people and for the order of the list; nothing is decided by it. */
function microseconds(): int
{
    [$fraction, $seconds] = explode(' ', microtime());
    return (int) $seconds * 1_000_000 + (int) substr($fraction, 2, 6);
}

// ---- rule 8: replies are right by shape ---------------------------------------------------------

/**
 * Replies are written by hand, because json_encode has no exact form for 98.50.
 *
 * @param array<string, string|int|null> $members JSON text by name; null is left out
 */
function json(array $members): string
{
    $written = [];
    foreach ($members as $name => $value) {
        if ($value !== null) {
            $written[] = "\"$name\":$value";
        }
    }
    return '{' . implode(',', $written) . '}';
}

/** JSON text of anything but an amount. */
function json_text(string|int|bool|null $value): string
{
    return json_encode($value, JSON_THROW_ON_ERROR);
}

/** @param array<string, string|int|null> $data */
function reply(int $result, array $data = []): string
{
    $status = $result === OK ? '"OK"' : '"ERROR"';
    return json(['result' => $result, 'status' => $status, 'data' => json($data)]);
}

function written_reply(Callback $callback, Answer $answer, Settings $settings): string
{
    // An account that does not exist has no balance; the shape of a refusal asks for one, so 0.
    $balance = write_amount($answer->player['balance'] ?? 0, $settings->decimals);
    if ($answer->result !== OK) {
        return reply($answer->result, ['balance' => $balance]);
    }
    return reply(OK, match ($callback->command) {
        'authenticate' => authenticate_data($answer->player, $balance, $settings),
        'status' => status_data($callback, $answer->transStatus, $settings),
        default => ['balance' => $balance],
    });
}

/** @return array<string, string> */
function status_data(Callback $callback, string $transStatus, Settings $settings): array
{
    $names = ['account' => json_text($callback->account), 'trans_guid' => json_text($callback->id)];
    $names = $settings->revision === 'id' ? ['trans_id' => $callback->id] : $names;
    return $names + ['trans_status' => json_text($transStatus)];
}

/**
 * The hub enforces `permissions` for the session. What does not apply is left out: a null or a
 * wrong type makes the whole reply unreadable, on purpose.
 *
 * @param array<string, mixed> $player
 * @return array<string, string>
 */
function authenticate_data(array $player, string $balance, Settings $settings): array
{
    $data = ['account' => json_text($player['account']), 'balance' => $balance];
    if (isset($player['permissions'])) {
        $permissions = array_map(json_text(...), $player['permissions']);
        if (isset($permissions['max_bet'])) {
            $most = $player['permissions']['max_bet'];
            $permissions['max_bet'] = write_amount($most, $settings->decimals);
        }
        $data['permissions'] = json($permissions);
    }
    foreach (['language', 'country'] as $name) {
        if (isset($player[$name])) {
            $data[$name] = json_text($player[$name]);
        }
    }
    return $data;
}

// ---- over HTTP ----------------------------------------------------------------------------------

final class Backend
{
    public function __construct(private readonly Settings $settings) {}

    public function respond(): void
    {
        $path = explode('?', (string) ($_SERVER['REQUEST_URI'] ?? '/'))[0];
        if (str_ends_with($path, '/health')) {
            send(200, '{"ready":true}');
        } elseif (str_contains($path, '/control/')) {
            $this->respondToControl($path);
        } elseif (($_SERVER['REQUEST_METHOD'] ?? '') !== 'POST') {
            header('Allow: POST');
            send(405, reply(INTERNAL_FAILURE));
        } else {
            send(200, $this->answered());
        }
    }

    private function answered(): string
    {
        $settings = $this->settings;
        if (!token_fits(header_text('callback-token'), $settings->tokens)) {
            error_log('callback refused: the Callback-Token header is missing or wrong');
            return reply(TOKEN_WRONG);
        }
        try {
            $body = read_body();
            $isSigned = $settings->secrets !== [];
            $fault = $isSigned ? signature_fault($body, $settings->secrets, time()) : null;
            if ($fault !== null) {
                // 100 and not 99: nothing was booked and nothing will be; the hub may conclude it.
                error_log("callback refused: $fault");
                return reply(TOKEN_WRONG);
            }
            $callback = Callback::read($body, $settings);
            $wallet = static fn (Books $books) => new Wallet($books, $settings->duplicates);
            $work = static fn (Books $books) => $wallet($books)->answer($callback);
            $answer = Books::with($settings->folder, $work);
            return written_reply($callback, $answer, $settings);
        } catch (\Throwable $fault) {
            // 99 says "I do not know": the hub concludes nothing and asks again, or cancels.
            error_log("callback answered 99: {$fault->getMessage()}");
            return reply(INTERNAL_FAILURE);
        }
    }

    /**
     * For a person with curl and for the tour: the books, and a way to open accounts. Your own site
     * does this its own way. Off unless WALLET_CONTROL=on.
     */
    private function respondToControl(string $path): void
    {
        $asked = ($_SERVER['REQUEST_METHOD'] ?? '') . ' ' . strstr($path, '/control/');
        try {
            $shown = match ($this->settings->control && is_from_here() ? $asked : '') {
                'GET /control/ledger' => $this->shownLedger(),
                'POST /control/players' => $this->changedPlayer(read_body()),
                default => null,
            };
        } catch (Unreadable $fault) {
            send(400, json(['error' => json_text($fault->getMessage())]));
            return;
        }
        send($shown === null ? 404 : 200, $shown ?? '{"error":"there is nothing here"}');
    }

    private function shownLedger(): string
    {
        $decimals = $this->settings->decimals;
        [$players, $entries] = Books::with(
            $this->settings->folder,
            static fn (Books $books) => [$books->all('player'), $books->all('entry')],
        );
        $shownPlayers = array_map(static fn (array $player) => json([
            'account' => json_text($player['account']),
            'balance_minor' => $player['balance'],
            'deposited_minor' => $player['deposited'],
            'balance' => json_text(write_amount($player['balance'], $decimals)),
            'active' => json_text($player['active']),
        ]), $players);
        $rows = array_map(static fn (array $entry) => json([
            'id' => json_text($entry['id']),
            'account' => json_text($entry['account']),
            'kind' => json_text($entry['kind']),
            'round_id' => json_text($entry['round_id']),
            'amount_minor' => $entry['amount'],
            'state' => json_text($entry['state']),
            'original_id' => json_text($entry['original_id']),
        ]), $entries);
        return json([
            'exponent' => $decimals,
            'players' => '[' . implode(',', $shownPlayers) . ']',
            'rows' => '[' . implode(',', $rows) . ']',
        ]);
    }

    /**
     * {"account": "ada", "deposit": "100.00", "active": true, "permissions": {"max_bet": "5.00",
     * ...}, "language": "de", "country": "DE"}: everything but the account may be left out.
     */
    private function changedPlayer(string $body): string
    {
        $decimals = $this->settings->decimals;
        $fields = new Fields(JsonReader::read($body), 'the body');
        $account = $fields->text('account');
        $changes = self::changes($fields, $decimals);
        $deposit = isset($fields->values['deposit']) ? $fields->text('deposit') : '0';
        $amount = read_amount($deposit, $decimals);
        $change = static function (Books $books) use ($account, $changes, $amount): array {
            $new = ['account' => $account, 'balance' => 0, 'deposited' => 0, 'active' => true];
            $new['met_at'] = microseconds();
            $player = $changes + ($books->player($account) ?? $new);
            $player['balance'] += $amount;
            $player['deposited'] += $amount;
            if ($player['balance'] > AMOUNT_MAX) {
                throw new Unreadable('deposit: too large');
            }
            $books->keepPlayer($player);
            return $player;
        };
        $player = Books::with($this->settings->folder, $change);
        return json([
            'account' => json_text($account),
            'balance' => json_text(write_amount($player['balance'], $decimals)),
            'active' => json_text($player['active']),
        ]);
    }

    /** @return array<string, mixed> */
    private static function changes(Fields $fields, int $decimals): array
    {
        $changes = [];
        foreach (['language', 'country'] as $name) {
            if (isset($fields->values[$name])) {
                $changes[$name] = $fields->text($name);
            }
        }
        if (is_bool($fields->values['active'] ?? null)) {
            $changes['active'] = $fields->values['active'];
        }
        if (isset($fields->values['permissions'])) {
            $changes['permissions'] = self::permissions($fields->values['permissions'], $decimals);
        }
        return $changes;
    }

    /** @return array<string, int|bool> */
    private static function permissions(mixed $value, int $decimals): array
    {
        $fields = new Fields($value, 'permissions');
        $permissions = [];
        if (is_bool($fields->values['play'] ?? null)) {
            $permissions['play'] = $fields->values['play'];
        }
        if (isset($fields->values['max_bet'])) {
            $permissions['max_bet'] = read_amount($fields->text('max_bet'), $decimals);
        }
        foreach (['session_minutes', 'reality_check_minutes'] as $name) {
            if (isset($fields->values[$name])) {
                $permissions[$name] = (int) $fields->whole($name);
            }
        }
        return $permissions;
    }
}

/** Behind a proxy on this machine everybody comes from here: a forwarded request does not count. */
function is_from_here(): bool
{
    $isForwarded = isset($_SERVER['HTTP_FORWARDED']) || isset($_SERVER['HTTP_X_FORWARDED_FOR']);
    return !$isForwarded && in_array($_SERVER['REMOTE_ADDR'] ?? '', ['127.0.0.1', '::1'], true);
}

function read_body(): string
{
    $body = (string) file_get_contents('php://input', false, null, 0, BODY_BYTES_MAX + 1);
    if (strlen($body) > BODY_BYTES_MAX) {
        throw new Unreadable('the body is above ' . BODY_BYTES_MAX . ' bytes');
    }
    // Half a request is never executed: some servers hand on what came before the caller left.
    if (isset($_SERVER['CONTENT_LENGTH']) && (int) $_SERVER['CONTENT_LENGTH'] !== strlen($body)) {
        throw new Unreadable('the body is not as long as it says');
    }
    return $body;
}

function send(int $status, string $body): void
{
    http_response_code($status);
    header_remove('X-Powered-By');
    header('Content-Type: application/json');
    header('Content-Length: ' . strlen($body));
    echo $body;
}

function main(): void
{
    // Whatever php.ini says: no warning in a reply, no compressed reply (the hub does not take
    // one), and no end in the middle because the caller has gone.
    ini_set('display_errors', '0');
    ini_set('zlib.output_compression', '0');
    ignore_user_abort(true);
    // A warning of PHP ("disk full", "no permission") is a failure like any other: answer 99.
    set_error_handler(static function (int $level, string $message): bool {
        if ((error_reporting() & $level) !== 0) { // it is 0 where an @ stands
            throw new \ErrorException($message);
        }
        return true;
    }, E_ALL & ~E_DEPRECATED);
    try {
        if (PHP_INT_SIZE < 8) {
            throw new \RuntimeException('amounts need integers of 64 bits');
        }
        $backend = new Backend(Settings::read());
    } catch (\RuntimeException $fault) {
        error_log("not set up: {$fault->getMessage()}");
        send(500, reply(INTERNAL_FAILURE));
        return;
    }
    $backend->respond();
}

main();
