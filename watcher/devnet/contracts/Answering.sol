// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// Stands in for another contract, whose code is kept at `otherwise`: answers some of its functions
/// as it was told, to the byte, and leaves all others to that code. What it was told lies where no
/// contract keeps anything of its own.
contract Answering {
    struct Reply {
        bool told;
        bool reverts;
        uint256 length;
        bytes data;
    }

    address private immutable _otherwise;

    constructor(address otherwise) {
        _otherwise = otherwise;
    }

    /// Answer `data`, followed by zeros or cut to `length` bytes.
    function answerWith(bytes4 selector, bytes calldata data, uint256 length) external {
        _replies()[selector] = Reply({told: true, reverts: false, length: length, data: data});
    }

    function refuse(bytes4 selector) external {
        _replies()[selector] = Reply({told: true, reverts: true, length: 0, data: ""});
    }

    function answerAsBefore(bytes4 selector) external {
        delete _replies()[selector];
    }

    fallback() external payable {
        Reply storage reply = _replies()[msg.sig];
        if (!reply.told) _delegate(_otherwise);
        require(!reply.reverts);
        bytes memory data = reply.data;
        uint256 length = reply.length;
        assembly {
            return(add(data, 32), length)
        }
    }

    function _delegate(address otherwise) private {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let done := delegatecall(gas(), otherwise, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if done { return(0, returndatasize()) }
            revert(0, returndatasize())
        }
    }

    function _replies() private pure returns (mapping(bytes4 => Reply) storage replies) {
        bytes32 place = keccak256("watcher.devnet.Answering");
        assembly {
            replies.slot := place
        }
    }
}
